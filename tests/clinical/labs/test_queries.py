"""Lists of the laboratory: who sees which orders, when values appear, and how many statements a page needs."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.contract import Page
from chassis.errors import NotFound, NotYet
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.critical_alerts import AcknowledgedHow, AcknowledgeLabResult
from contracts.clinical.labs.queries import GetLabOrder, ListLabOrders, ListLabOrdersOfPatient, ListMyLabTests
from contracts.clinical.labs.states import LabPriority, LabStatus
from services.clinical.critical_alerts.commands import acknowledge
from services.clinical.labs import queries
from services.clinical.models.care import ChartAccess
from tests.clinical import lab_factories as lab
from tests.clinical.factories import doctor, in_care, nurse, patient, statements
from tests.clinical.lab_factories import POTASSIUM, SODIUM, measured, technician


def _work(session: Session, *status: LabStatus, limit: int = 20, cursor: str | None = None) -> Page:
    query = ListLabOrders(status=list(status) or None, limit=limit, cursor=cursor)
    return queries.list_all(session, technician(), query)


def _of_patient(session: Session, actor: Actor, person: Actor, limit: int = 20) -> Page:
    query = ListLabOrdersOfPatient(patient_id=person.person, limit=limit, cursor=None)
    return queries.list_of_patient(session, actor, query)


def _own(session: Session, actor: Actor, person: Actor, limit: int = 20) -> Page:
    return queries.list_own(session, actor, ListMyLabTests(patient_id=person.person, limit=limit, cursor=None))


def _accesses(session: Session) -> list[tuple[str, str]]:
    rows = [row for table, row in session.appended if table.name == ChartAccess.__tablename__]
    return [(row["part"], row["basis"]) for row in rows]


def test_work_list_shows_urgent_orders_first(session: Session) -> None:
    people = in_care(session)
    placed = {each: lab.order(session, people, priority=each)["id"] for each in LabPriority}
    found = [item["id"] for item in _work(session).items if item["id"] in placed.values()]
    assert found == [placed[each] for each in (LabPriority.STAT, LabPriority.URGENT, LabPriority.ROUTINE)]


def test_work_list_names_the_patient(session: Session) -> None:
    people = lab.adult(session)
    lab.order(session, people)
    (shown,) = [item["patient"] for item in _work(session).items if item["patient_id"] == people[1].person]
    assert (shown.name, shown.sex, shown.birth_date.year) == ("Asha Rao", "female", 1990)
    assert shown.mrn.startswith("M-")


def test_work_list_shows_no_values(session: Session) -> None:
    order_id, _ = lab.resulted(session)
    (item,) = [item for item in _work(session, LabStatus.RESULTED).items if item["id"] == order_id]
    assert [test["result"] for test in item["tests"]] == [None]


def test_work_list_leaves_out_finished_orders(session: Session) -> None:
    order_id, _ = lab.verified(session)
    assert order_id not in [item["id"] for item in _work(session).items]
    assert order_id in [item["id"] for item in _work(session, LabStatus.VERIFIED).items]


def test_work_list_has_pages(session: Session) -> None:
    people = in_care(session)
    placed = [lab.order(session, people, priority=LabPriority.STAT)["id"] for _ in range(3)]
    first = _work(session, limit=2)
    second = _work(session, limit=2, cursor=first.next)
    assert [item["id"] for item in [*first.items, *second.items]][:3] == placed


def test_laboratory_sees_unverified_results_of_one_order(session: Session) -> None:
    order_id, result_id = lab.resulted(session, people=lab.adult(session))
    shown = queries.get(session, technician(), GetLabOrder(order_id=order_id))
    assert shown["tests"][0]["result"]["id"] == result_id


def test_doctor_sees_results_only_after_verification(session: Session) -> None:
    people = in_care(session)
    order_id, result_id = lab.resulted(session, people=people)
    before = queries.get(session, people[0], GetLabOrder(order_id=order_id))
    lab.verify(session, order_id)
    after = queries.get(session, people[0], GetLabOrder(order_id=order_id))
    assert before["tests"][0]["result"] is None
    assert after["tests"][0]["result"]["id"] == result_id


def test_reading_an_order_enters_the_access_log(session: Session) -> None:
    people = lab.adult(session)
    placed = lab.order(session, people)
    for actor in (people[0], technician()):
        queries.get(session, actor, GetLabOrder(order_id=placed["id"]))
    labs = ChartPart.LABS
    assert _accesses(session) == [(labs, AccessBasis.APPOINTMENT), (labs, AccessBasis.LABORATORY)]


def test_foreign_doctor_gets_the_refusal_of_an_unknown_order(session: Session) -> None:
    placed = lab.order(session)
    refused = []
    for order_id in (placed["id"], uuid7()):
        with pytest.raises(NotYet) as refusal:
            queries.get(session, doctor(), GetLabOrder(order_id=order_id))
        refused.append(refusal.value.args)
    assert refused[0] == refused[1]


@pytest.mark.parametrize("role", ["doctor", "nurse"])
def test_carers_list_the_orders_of_a_patient(session: Session, role: str) -> None:
    people = lab.adult(session)
    placed = lab.order(session, people)
    actor = people[0] if role == "doctor" else nurse()
    assert [item["id"] for item in _of_patient(session, actor, people[1]).items] == [placed["id"]]


def test_doctor_without_care_lists_no_orders(session: Session) -> None:
    _, person = lab.adult(session)
    with pytest.raises(NotFound):
        _of_patient(session, doctor(), person)


def test_patient_sees_pending_tests_without_values(session: Session) -> None:
    people = in_care(session)
    lab.resulted(session, people=people)
    (shown,) = _own(session, people[1], people[1]).items
    assert (shown["status"], shown["result"]) == ("resulted", None)


def test_patient_sees_verified_values(session: Session) -> None:
    people = in_care(session)
    _, result_id = lab.verified(session, people=people)
    (shown,) = _own(session, people[1], people[1]).items
    assert (shown["status"], shown["result"]["id"]) == ("verified", result_id)


def test_patient_sees_the_corrected_value(session: Session) -> None:
    people = in_care(session)
    _, result_id = lab.verified(session, people=people)
    lab.correct(session, result_id, "4.4")
    (shown,) = _own(session, people[1], people[1]).items
    assert (float(shown["result"]["value"]), shown["result"]["status"]) == (4.4, "corrected")


def test_patient_sees_the_newest_tests_first(session: Session) -> None:
    people = in_care(session)
    ids = [lab.order(session, people, code)["tests"][0]["id"] for code in (POTASSIUM, SODIUM)]
    assert [item["id"] for item in _own(session, people[1], people[1]).items] == ids[::-1]


def test_patient_cannot_list_tests_of_another_patient(session: Session) -> None:
    _, person = in_care(session)
    with pytest.raises(NotFound):
        _own(session, patient(), person)


def test_open_results_are_those_that_wait_for_the_laboratory(session: Session) -> None:
    people = in_care(session)
    placed = lab.received(session, people, POTASSIUM, SODIUM)
    lab.upload(session, placed["id"], measured(SODIUM))
    lab.verify(session, placed["id"])
    found = queries.open_results(session, people[1].person)
    assert [(test["test"], test["status"]) for test in found] == [(POTASSIUM, "received")]


def _acknowledge(session: Session, actor: Actor, result_id: UUID) -> None:
    command = AcknowledgeLabResult(result_id=result_id, how=AcknowledgedHow.READ_BACK, comment=None)
    acknowledge(session, actor, command)
    session.flush()


def test_critical_result_stays_open_until_a_doctor_acknowledges(session: Session) -> None:
    people = lab.adult(session)
    _, result_id = lab.verified(session, "6.9", people)
    before = queries.open_results(session, people[1].person)
    _acknowledge(session, people[0], result_id)
    assert [test["result"]["id"] for test in before] == [result_id]
    assert queries.open_results(session, people[1].person) == []


@pytest.mark.parametrize("listed", ["work", "of a patient", "own"])
def test_list_needs_the_same_statements_for_any_number_of_orders(session: Session, listed: str) -> None:
    people = lab.adult(session)
    read = {
        "work": lambda: _work(session, *LabStatus, limit=100),
        "of a patient": lambda: _of_patient(session, people[0], people[1]),
        "own": lambda: _own(session, people[1], people[1]),
    }[listed]
    counts = []
    for _ in range(3):
        lab.verified(session, people=people)
        session.flush()
        session.expunge_all()
        with statements(session) as sent:
            read()
        counts.append(len(sent))
    assert counts[1] == counts[2] <= 7
