"""Verification: only then do patient and doctor see values; unusual changes need a confirmation."""

from uuid import UUID

import pytest

from chassis.errors import Conflict, Forbidden
from chassis.persistence.database import Session
from contracts.clinical.history import HistoryKind
from contracts.clinical.labs.events import LabResultCritical, LabResultReady, LabTestsPerformed
from services.clinical.models.history import HistoryEntry
from tests.clinical import lab_factories as lab
from tests.clinical.factories import in_care, published
from tests.clinical.lab_factories import POTASSIUM, SODIUM, measured, technician


def _entries(session: Session) -> list[tuple[str, UUID]]:
    rows = [row for table, row in session.appended if table.name == HistoryEntry.__tablename__]
    return [(row["kind"], row["record_id"]) for row in rows]


def test_verified_order_is_complete(session: Session) -> None:
    order_id, _ = lab.resulted(session)
    assert lab.verify(session, order_id)["status"] == "verified"


def test_verification_is_a_new_version(session: Session) -> None:
    order_id, result_id = lab.resulted(session)
    (test,) = lab.verify(session, order_id)["tests"]
    assert (test["result"]["id"], test["result"]["version"], test["result"]["status"]) == (result_id, 2, "verified")


def test_verification_names_the_technician(session: Session) -> None:
    actor, (order_id, _) = technician(), lab.resulted(session)
    (test,) = lab.verify(session, order_id, actor=actor)["tests"]
    assert test["result"]["verified_by"] == actor.person


def test_verification_notifies_patient_and_doctor(session: Session) -> None:
    physician, person = people = in_care(session)
    order_id, result_id = lab.verified(session, people=people)
    ids = {"order_id": order_id, "patient_id": person.person, "doctor_id": physician.person}
    assert published(session, LabResultReady) == [{**ids, "result_ids": [result_id], "is_complete": True}]


def test_verified_tests_are_published_for_billing_once(session: Session) -> None:
    placed = lab.received(session, None, POTASSIUM, SODIUM)
    lab.upload(session, placed["id"], measured(POTASSIUM))
    lab.verify(session, placed["id"])
    lab.upload(session, placed["id"], measured(SODIUM, value="140"))
    lab.verify(session, placed["id"])
    events = published(session, LabTestsPerformed)
    assert [(event["order_id"], event["tests"]) for event in events] == [
        (placed["id"], [POTASSIUM]),
        (placed["id"], [SODIUM]),
    ]


def test_verification_of_a_part_leaves_the_order_open(session: Session) -> None:
    placed = lab.received(session, None, POTASSIUM, SODIUM)
    lab.upload(session, placed["id"], measured(POTASSIUM))
    assert lab.verify(session, placed["id"])["status"] == "received"
    assert published(session, LabResultReady)[0]["is_complete"] is False


def test_second_verification_is_refused(session: Session) -> None:
    order_id, _ = lab.verified(session)
    with pytest.raises(Conflict, match="lab_not_resulted"):
        lab.verify(session, order_id)


def test_result_enters_the_history_at_verification(session: Session) -> None:
    order_id, result_id = lab.resulted(session)
    before = _entries(session)
    lab.verify(session, order_id)
    assert [entry for entry in _entries(session) if entry not in before] == [(HistoryKind.LAB_RESULT, result_id)]


def test_critical_result_is_published_at_verification(session: Session) -> None:
    _, result_id = lab.verified(session, "6.9")
    assert [event["result_id"] for event in published(session, LabResultCritical)] == [result_id]


def _with_delta(session: Session) -> tuple[UUID, UUID]:
    """Return an order and its result, which differs much from the last one."""
    people = lab.adult(session)
    lab.verified(session, "3.6", people)
    return lab.resulted(session, "5.9", people)


def test_unconfirmed_delta_is_refused_with_the_change(session: Session) -> None:
    order_id, result_id = _with_delta(session)
    with pytest.raises(Conflict) as refused:
        lab.verify(session, order_id)
    (delta,) = refused.value.facts["deltas"]
    assert (refused.value.code, delta["id"], delta["test"]) == ("unconfirmed_deltas", str(result_id), POTASSIUM)
    assert delta["delta"]["change"] == 2.3


def test_confirmed_delta_is_verified(session: Session) -> None:
    order_id, result_id = _with_delta(session)
    assert lab.verify(session, order_id, result_id)["status"] == "verified"


def test_technician_verifies_own_results_where_one_person_suffices(session: Session) -> None:
    actor = technician()
    order_id = lab.received(session)["id"]
    lab.upload(session, order_id, actor=actor)
    assert lab.verify(session, order_id, actor=actor)["status"] == "verified"


def test_technician_cannot_verify_own_results_where_two_are_required(session: Session, two_persons: None) -> None:
    actor = technician()
    order_id = lab.received(session)["id"]
    lab.upload(session, order_id, actor=actor)
    with pytest.raises(Forbidden, match="second_technician_required"):
        lab.verify(session, order_id, actor=actor)


def test_second_technician_verifies_where_two_are_required(session: Session, two_persons: None) -> None:
    order_id, _ = lab.resulted(session)
    assert lab.verify(session, order_id)["status"] == "verified"


def test_technician_verifies_only_results_of_others(session: Session, two_persons: None) -> None:
    actor, placed = technician(), lab.received(session, None, POTASSIUM, SODIUM)
    lab.upload(session, placed["id"], measured(POTASSIUM), actor=actor)
    lab.upload(session, placed["id"], measured(SODIUM))
    shown = lab.verify(session, placed["id"], actor=actor)
    assert [test["status"] for test in shown["tests"]] == ["resulted", "verified"]
