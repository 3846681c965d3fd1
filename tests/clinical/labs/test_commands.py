"""Orders and specimens: who may order, which specimen suits a test, and what each step refuses."""

import pytest
from sqlalchemy import select

from chassis.errors import Conflict, Invalid, NotYet, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.history import HistoryKind
from contracts.clinical.labs.commands import CancelLabOrder, OrderLabTests, RejectSpecimen
from contracts.clinical.labs.events import LabOrdered, LabSampleRejected
from contracts.clinical.labs.states import LabPriority
from services.clinical.labs import commands
from services.clinical.models.history import HistoryEntry
from services.clinical.models.labs import LabResult, LabStep
from tests.calls import called
from tests.clinical import lab_factories as lab
from tests.clinical.factories import doctor, in_care, patient, published
from tests.clinical.lab_factories import BLOOD, HEMOGLOBIN, POTASSIUM, SERUM, SODIUM, measured, technician


def _cancel(session: Session, actor: Actor, order_id: object) -> dict[str, object]:
    command = CancelLabOrder.read({"order_id": str(order_id), "reason": "No longer needed."})
    return commands.cancel(session, actor, command)


def _reject(session: Session, order_id: object, **fields: str) -> dict[str, object]:
    command = RejectSpecimen.read({"order_id": str(order_id), "reason": "Haemolysed.", **fields})
    return commands.reject(session, technician(), command)


def test_order_names_its_tests_and_specimens(session: Session) -> None:
    placed = lab.order(session, None, POTASSIUM, HEMOGLOBIN)
    shown = [(test["test"], test["name"], test["specimen"], test["status"]) for test in placed["tests"]]
    assert shown == [
        (POTASSIUM, "Potassium", "serum or plasma", "ordered"),
        (HEMOGLOBIN, "Hemoglobin", BLOOD, "ordered"),
    ]
    assert placed["status"] == "ordered"


def test_order_is_published_without_the_tests(session: Session) -> None:
    people = in_care(session)
    placed = lab.order(session, people, priority=LabPriority.STAT)
    ids = {"order_id": placed["id"], "doctor_id": people[0].person, "patient_id": people[1].person}
    assert published(session, LabOrdered) == [{**ids, "priority": "stat"}]


def test_order_is_refused_when_patient_is_not_in_care(session: Session) -> None:
    with pytest.raises(NotYet):
        lab.order(session, (doctor(), patient()))


def test_order_is_refused_when_catalogue_lacks_a_test(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        lab.order(session, None, "9999999-1")
    assert (refused.value.code, refused.value.facts["test"]) == ("unknown_test", "9999999-1")


def test_order_names_no_test_twice() -> None:
    with pytest.raises(Invalid) as refused:
        OrderLabTests.read({"patient_id": str(patient().person), "tests": [POTASSIUM, POTASSIUM]})
    assert refused.value.facts["errors"] == {"tests": ["Must not name a test twice."]}


def test_order_enters_the_history(session: Session) -> None:
    placed = lab.order(session)
    entries = [row for table, row in session.appended if table.name == HistoryEntry.__tablename__]
    assert [(row["kind"], row["record_id"], row["title"]) for row in entries] == [
        (HistoryKind.LAB_ORDER, placed["id"], "Laboratory tests ordered: Potassium")
    ]


def test_collected_specimen_serves_all_tests_that_need_it(session: Session) -> None:
    placed = lab.order(session, None, POTASSIUM, SODIUM)
    assert lab.collect(session, placed["id"])["order_status"] == "collected"


def test_accession_numbers_differ_between_specimens(session: Session) -> None:
    placed = lab.order(session, None, POTASSIUM, HEMOGLOBIN)
    numbers = [lab.collect(session, placed["id"], kind)["accession"] for kind in (SERUM, BLOOD)]
    assert len(set(numbers)) == 2


def test_order_stays_ordered_until_each_specimen_is_collected(session: Session) -> None:
    placed = lab.order(session, None, POTASSIUM, HEMOGLOBIN)
    first, second = (lab.collect(session, placed["id"], kind) for kind in (SERUM, BLOOD))
    assert [(each["status"], each["order_status"]) for each in (first, second)] == [
        ("collected", "ordered"),
        ("collected", "collected"),
    ]


def test_unsuitable_specimen_is_refused_with_the_needed_ones(session: Session) -> None:
    placed = lab.order(session)
    with pytest.raises(Conflict) as refused:
        lab.collect(session, placed["id"], "urine")
    assert (refused.value.code, refused.value.facts["needed"]) == ("wrong_specimen", ["serum or plasma"])


@pytest.mark.parametrize("specimen", ["serum", "Plasma", "serum or plasma"])
def test_specimen_may_be_either_of_two_kinds(session: Session, specimen: str) -> None:
    assert lab.collect(session, lab.order(session)["id"], specimen)["status"] == "collected"


def test_second_collection_is_refused(session: Session) -> None:
    placed = lab.order(session)
    lab.collect(session, placed["id"])
    with pytest.raises(Conflict, match="lab_not_to_collect"):
        lab.collect(session, placed["id"])


def test_receipt_is_refused_before_collection(session: Session) -> None:
    placed = lab.order(session)
    with pytest.raises(Conflict, match="lab_not_collected"):
        lab.receive(session, placed["id"])


def test_receipt_names_the_specimen_if_there_are_several(session: Session) -> None:
    placed = lab.order(session, None, POTASSIUM, HEMOGLOBIN)
    numbers = [lab.collect(session, placed["id"], kind)["accession"] for kind in (SERUM, BLOOD)]
    with pytest.raises(Conflict) as refused:
        lab.receive(session, placed["id"])
    assert (refused.value.code, refused.value.facts["accessions"]) == ("which_specimen", numbers)
    assert lab.receive(session, placed["id"], numbers[1])["accession"] == numbers[1]


def test_receipt_refuses_the_specimen_of_another_order(session: Session) -> None:
    placed, other = lab.order(session), lab.order(session)
    lab.collect(session, placed["id"])
    foreign = lab.collect(session, other["id"])["accession"]
    with pytest.raises(Conflict, match="lab_not_collected"):
        lab.receive(session, placed["id"], foreign)


def test_rejected_specimen_is_collected_again_under_a_new_number(session: Session) -> None:
    placed = lab.order(session)
    first = lab.collect(session, placed["id"])
    assert _reject(session, placed["id"])["order_status"] == "rejected"
    again = lab.collect(session, placed["id"])
    assert (again["order_status"], again["accession"] == first["accession"]) == ("collected", False)


def test_rejected_specimen_is_published_with_the_ordering_doctor(session: Session) -> None:
    people = in_care(session)
    placed = lab.received(session, people)
    _reject(session, placed["id"])
    assert [event["doctor_id"] for event in published(session, LabSampleRejected)] == [people[0].person]


def test_rejected_specimen_withdraws_its_unverified_results(session: Session) -> None:
    order_id, result_id = lab.resulted(session)
    _reject(session, order_id)
    session.flush()
    versions = session.scalars(select(LabResult.status).where(LabResult.id == result_id).order_by(LabResult.version))
    assert list(versions) == ["resulted", "entered_in_error"]


def test_test_has_a_new_result_after_a_new_collection(session: Session) -> None:
    order_id, result_id = lab.resulted(session)
    _reject(session, order_id)
    lab.collect(session, order_id)
    lab.receive(session, order_id)
    (again,) = lab.upload(session, order_id, measured(value="4.5"))["results"]
    assert (again["version"], again["id"] == result_id) == (1, False)


def test_verified_specimen_cannot_be_rejected(session: Session) -> None:
    order_id, _ = lab.verified(session)
    with pytest.raises(Conflict, match="lab_not_collected"):
        _reject(session, order_id)


def test_order_is_cancelled_before_receipt(session: Session) -> None:
    people = in_care(session)
    placed = lab.order(session, people)
    lab.collect(session, placed["id"])
    assert _cancel(session, people[0], placed["id"])["status"] == "cancelled"


def test_received_order_cannot_be_cancelled(session: Session) -> None:
    people = in_care(session)
    placed = lab.received(session, people)
    with pytest.raises(Conflict, match="lab_order_received"):
        _cancel(session, people[0], placed["id"])


def test_cancelled_order_needs_no_specimen(session: Session) -> None:
    people = in_care(session)
    placed = lab.order(session, people)
    _cancel(session, people[0], placed["id"])
    with pytest.raises(Conflict, match="lab_not_to_collect"):
        lab.collect(session, placed["id"])


def test_received_tests_stay_when_the_rest_is_cancelled(session: Session) -> None:
    people = in_care(session)
    placed = lab.order(session, people, POTASSIUM, HEMOGLOBIN)
    lab.collect(session, placed["id"])
    lab.receive(session, placed["id"])
    left = _cancel(session, people[0], placed["id"])
    assert (left["status"], [test["status"] for test in left["tests"]]) == ("received", ["received", "cancelled"])


def test_doctor_without_care_cannot_cancel(session: Session) -> None:
    placed = lab.order(session)
    with pytest.raises(NotYet):
        _cancel(session, doctor(), placed["id"])


def test_step_of_an_older_revision_is_stale(session: Session) -> None:
    placed = lab.order(session)
    with called(session, if_match='"7"'), pytest.raises(Stale):
        lab.collect(session, placed["id"])


def test_each_step_has_a_row_with_its_author(session: Session) -> None:
    actor, placed = technician(), lab.order(session)
    lab.collect(session, placed["id"], actor=actor)
    rows = [row for table, row in session.appended if table.name == LabStep.__tablename__]
    assert [row["status"] for row in rows] == ["ordered", "collected"]
    assert rows[-1]["author_id"] == actor.person
