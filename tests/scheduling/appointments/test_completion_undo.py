"""Completions that an admin undoes, and what becomes of the visit then."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Forbidden, MatronError
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.roles import Role
from contracts.scheduling.appointments.events import VisitCompleted, VisitCompletionUndone
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.visits import UndoCompletion
from contracts.scheduling.availability import TakeTimeOff
from services.scheduling.appointments import completion_undo
from services.scheduling.appointments import history as histories
from services.scheduling.availability import time_off
from services.scheduling.directory import doctors, patients
from services.scheduling.models.appointments import Appointment
from tests.scheduling.appointments.test_timers import HOUR, Set
from tests.scheduling.factories import (
    HALF_HOUR,
    book,
    doctor,
    heard,
    history,
    hold,
    in_transaction,
    move,
    near,
    patient,
    said,
    seen,
    together,
    visits,
)

ADMIN = patient(None, "admin")
REASON = "The wrong patient."


def undo(session: Session, visit: dict[str, Any], who: Actor = ADMIN) -> dict[str, Any]:
    undone = seen(
        completion_undo.undo_completion(session, who, UndoCompletion(appointment_id=visit["id"], reason=REASON))
    )
    session.flush()
    return undone


def completed(session: Session, who: Actor, **fields: Any) -> dict[str, Any]:
    """A visit that was completed half an hour before its time, the day after tomorrow."""
    return hold(session, who, book(session, who, **fields))[-1]


def test_undone_visit_is_booked_again_at_its_time(session: Session) -> None:
    visit = completed(session, doctor(session))
    undone = undo(session, visit)
    assert (undone["status"], undone["starts_at"], undone["revision"]) == ("booked", visit["starts_at"], 5)
    [told] = said(session, VisitCompletionUndone)
    assert (told["appointment_id"], told["status"], told["revision"]) == (visit["id"], "booked", 5)


def test_history_says_who_undid_the_completion_and_why(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = completed(session, who, actor=asking)
    undo(session, visit)
    assert history(session, visit)[-2:] == [(4, "fulfilled", who.person), (5, "booked", ADMIN.person)]
    reasons = [
        histories.get(session, one, GetAppointment(appointment_id=visit["id"]))["history"][-1].reason
        for one in (ADMIN, asking)
    ]
    assert reasons == [REASON, None]


def test_visit_is_completed_again_after_its_completion_is_undone(session: Session) -> None:
    who = doctor(session)
    visit = completed(session, who)
    undo(session, visit)
    with near(visit):
        assert [move(session, who, visit, name)["revision"] for name in ("start", "complete")] == [6, 7]
    assert [told["revision"] for told in said(session, VisitCompleted)] == [4, 7]


def test_undone_visit_is_displaced_when_another_has_its_time(session: Session) -> None:
    who = doctor(session)
    visit = completed(session, who)
    other = book(session, who)
    undone = undo(session, visit)
    assert (undone["status"], undone["first_call"], undone["status_reason"]) == ("displaced", True, REASON)
    assert session.get_one(Appointment, visit["id"]).displaced_at is not None
    assert session.get_one(Appointment, other["id"]).status == "requested"


def test_undone_visit_is_displaced_when_the_doctor_is_away(session: Session) -> None:
    who = doctor(session)
    visit = completed(session, who)
    away = {"starts_at": visit["starts_at"], "ends_at": visit["ends_at"], "reason": None, "displace": False}
    time_off.take(session, who, TakeTimeOff(doctor_id=who.person, **away))
    assert undo(session, visit)["status"] == "displaced"


def test_undone_visit_is_displaced_when_the_doctor_has_left(session: Session) -> None:
    who = doctor(session)
    visit = completed(session, who)
    doctors.suspend(session, heard(session, 2), user_id=who.person)
    assert undo(session, visit)["status"] == "displaced"


@pytest.mark.parametrize(("hours", "status"), [(2, "booked"), (20, "cancelled")])
def test_undone_visit_is_cancelled_when_its_day_is_over(
    session: Session, set_clock: Set, hours: int, status: str
) -> None:
    visit = completed(session, doctor(session))  # At nine in the morning.
    set_clock(visit["ends_at"] + hours * HOUR)
    undone = undo(session, visit)
    assert (undone["status"], undone["status_reason"]) == (status, None if status == "booked" else REASON)


def test_undone_visit_is_cancelled_when_its_patient_is_erased(session: Session) -> None:
    visit = completed(session, doctor(session))
    patients.forget(session, heard(session), user_id=visit["patient_id"])
    assert undo(session, visit)["status"] == "cancelled"


@pytest.mark.parametrize("moves", [["accept"], ["accept", "start"]])
def test_undoing_is_refused_when_the_visit_is_not_completed(session: Session, moves: list[str]) -> None:
    who = doctor(session)
    visit = book(session, who)
    state = [move(session, who, visit, name)["status"] for name in moves][-1]
    with pytest.raises(Conflict) as refused:
        undo(session, visit)
    assert (refused.value.code, refused.value.facts) == ("not_fulfilled", {"state": state})


def test_admin_does_not_undo_the_completion_of_a_visit_as_its_patient(session: Session) -> None:
    own = patient(None, "admin", "patient")
    visit = completed(session, doctor(session), actor=own)
    with pytest.raises(Forbidden) as refused:
        undo(session, visit, own)
    assert refused.value.code == "own_visit"


def test_only_admins_undo_completions() -> None:
    assert UndoCompletion.roles == {Role.ADMIN}


def test_undone_visit_and_bookings_of_its_time_never_overlap(fresh: Database) -> None:
    who = in_transaction(fresh, doctor)
    visit = in_transaction(fresh, lambda session: completed(session, who))

    def try_to_book() -> str:
        try:
            in_transaction(fresh, lambda session: book(session, who))
        except MatronError as refusal:
            return refusal.code
        return "booked"

    undone, *booked = together(
        lambda: in_transaction(fresh, lambda session: undo(session, visit)["status"]), *[try_to_book] * 6
    )
    assert sorted([undone == "booked", *(one == "booked" for one in booked)]) == [False] * 6 + [True]
    assert set(booked) <= {"booked", "slot_taken"}
    assert undone in ("booked", "displaced")
    assert len(visits(fresh)) == 1 + booked.count("booked")


def test_visit_months_ahead_is_not_started(session: Session) -> None:
    who = doctor(session)
    visit = move(session, who, book(session, who), "accept")
    before = visit["starts_at"] - timedelta(hours=24, minutes=1)
    assert clock.now() < before
    with near({"starts_at": before + HALF_HOUR}), pytest.raises(Conflict) as refused:
        move(session, who, {"id": visit["id"]}, "start")
    assert refused.value.code == "too_early"
