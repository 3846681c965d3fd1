"""Undoing the completion of a visit as an admin."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Forbidden
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.roles import Role
from contracts.scheduling.appointments.events import VisitCompleted, VisitCompletionUndone
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.visits import UndoCompletion
from contracts.scheduling.availability import TakeTimeOff
from services.scheduling.appointments import completion_undo, history
from services.scheduling.availability import time_off
from services.scheduling.directory import patients
from services.scheduling.models.appointments import Appointment
from tests.scheduling.concurrency import in_transaction, outcome, run_at_once
from tests.scheduling.departures import suspend_doctor
from tests.scheduling.factories import (
    HALF_HOUR,
    SetClock,
    add_doctor,
    all_visits,
    appointment_view,
    book,
    changes_of,
    complete_visit,
    make_patient,
    make_user,
    published,
    shortly_before,
    transition,
)

HOUR = timedelta(hours=1)

ADMIN = make_user("admin")
REASON = "The wrong patient."


def undo(session: Session, visit: dict[str, Any], doctor: Actor = ADMIN) -> dict[str, Any]:
    undone = appointment_view(
        completion_undo.undo_completion(session, doctor, UndoCompletion(appointment_id=visit["id"], reason=REASON))
    )
    session.flush()
    return undone


def add_completed_visit(session: Session, doctor: Actor, **fields: Any) -> dict[str, Any]:
    """Add a visit of the day after tomorrow that is completed half an hour before its start."""
    return complete_visit(session, doctor, book(session, doctor, **fields))[-1]


def test_undone_visit_is_booked_again_at_its_time(session: Session) -> None:
    visit = add_completed_visit(session, add_doctor(session))
    undone = undo(session, visit)
    assert (undone["status"], undone["starts_at"], undone["revision"]) == ("booked", visit["starts_at"], 5)
    [event] = published(session, VisitCompletionUndone)
    assert (event["appointment_id"], event["status"], event["revision"]) == (visit["id"], "booked", 5)


def test_history_shows_the_admin_and_the_reason_when_a_completion_is_undone(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = add_completed_visit(session, doctor, actor=patient)
    undo(session, visit)
    assert changes_of(session, visit)[-2:] == [(4, "fulfilled", doctor.person), (5, "booked", ADMIN.person)]
    reasons = [
        history.get(session, reader, GetAppointment(appointment_id=visit["id"])).history[-1].reason
        for reader in (ADMIN, patient)
    ]
    assert reasons == [REASON, None]


def test_visit_is_completed_again_after_its_completion_is_undone(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_completed_visit(session, doctor)
    undo(session, visit)
    with shortly_before(visit):
        assert [transition(session, doctor, visit, name)["revision"] for name in ("start", "complete")] == [6, 7]
    assert [event["revision"] for event in published(session, VisitCompleted)] == [4, 7]


def test_undone_visit_is_displaced_when_another_visit_has_its_time(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_completed_visit(session, doctor)
    other = book(session, doctor)
    undone = undo(session, visit)
    assert (undone["status"], undone["first_call"], undone["status_reason"]) == ("displaced", True, REASON)
    assert session.get_one(Appointment, visit["id"]).displaced_at is not None
    assert session.get_one(Appointment, other["id"]).status == "requested"


def test_undone_visit_is_displaced_when_its_doctor_is_away(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_completed_visit(session, doctor)
    away = {"starts_at": visit["starts_at"], "ends_at": visit["ends_at"], "reason": None, "displace": False}
    time_off.take(session, doctor, TakeTimeOff(doctor_id=doctor.person, **away))
    assert undo(session, visit)["status"] == "displaced"


def test_undone_visit_is_displaced_when_its_doctor_has_left(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_completed_visit(session, doctor)
    suspend_doctor(session, doctor)
    assert undo(session, visit)["status"] == "displaced"


@pytest.mark.parametrize(("hours", "status"), [(2, "booked"), (20, "cancelled")])
def test_undone_visit_is_cancelled_when_its_day_is_over(
    session: Session, set_clock: SetClock, hours: int, status: str
) -> None:
    visit = add_completed_visit(session, add_doctor(session))  # The visit begins at nine.
    set_clock(visit["ends_at"] + hours * HOUR)
    undone = undo(session, visit)
    assert (undone["status"], undone["status_reason"]) == (status, None if status == "booked" else REASON)


def test_undone_visit_is_cancelled_when_its_patient_is_erased(session: Session) -> None:
    visit = add_completed_visit(session, add_doctor(session))
    patients.erase(session, visit["patient_id"])
    assert undo(session, visit)["status"] == "cancelled"


@pytest.mark.parametrize("moves", [["accept"], ["accept", "start"]])
def test_undoing_is_refused_when_the_visit_is_not_completed(session: Session, moves: list[str]) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    state = [transition(session, doctor, visit, name)["status"] for name in moves][-1]
    with pytest.raises(Conflict) as refused:
        undo(session, visit)
    assert (refused.value.code, refused.value.facts) == ("not_fulfilled", {"state": state})


def test_undoing_is_refused_when_the_admin_is_the_patient(session: Session) -> None:
    own = make_user("admin", "patient")
    visit = add_completed_visit(session, add_doctor(session), actor=own)
    with pytest.raises(Forbidden) as refused:
        undo(session, visit, own)
    assert refused.value.code == "own_visit"


def test_undoing_is_allowed_only_to_admins() -> None:
    assert UndoCompletion.roles == {Role.ADMIN}


def test_undone_visit_and_concurrent_bookings_never_overlap(fresh_database: Database) -> None:
    doctor = in_transaction(fresh_database, add_doctor)
    visit = in_transaction(fresh_database, lambda session: add_completed_visit(session, doctor))
    undone, *outcomes = run_at_once(
        lambda: in_transaction(fresh_database, lambda session: undo(session, visit)["status"]),
        *[lambda: outcome(fresh_database, lambda session: book(session, doctor))] * 6,
    )
    assert set(outcomes) <= {"done", "slot_taken"}
    assert outcomes.count("done") == (1 if undone == "displaced" else 0)
    assert undone in ("booked", "displaced")
    assert len(all_visits(fresh_database)) == 1 + outcomes.count("done")


def test_starting_is_refused_more_than_24_hours_before_the_visit(session: Session) -> None:
    doctor = add_doctor(session)
    visit = transition(session, doctor, book(session, doctor), "accept")
    before = visit["starts_at"] - timedelta(hours=24, minutes=1)
    assert clock.now() < before
    with shortly_before({"starts_at": before + HALF_HOUR}), pytest.raises(Conflict) as refused:
        transition(session, doctor, {"id": visit["id"]}, "start")
    assert refused.value.code == "too_early"
