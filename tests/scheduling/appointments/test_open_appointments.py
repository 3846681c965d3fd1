"""The event about open appointments: published when doctor, end or openness changes, and only then."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from contracts.scheduling.appointments.commands import ChangeAppointment, RescheduleAppointment
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from contracts.scheduling.appointments.visits import UndoCompletion
from services.scheduling import handlers
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import completion_undo, open_appointments, rescheduling, timers
from services.scheduling.models.appointments import Appointment
from tests.events import example_of
from tests.scheduling.asking import Clock
from tests.scheduling.factories import HALF_HOUR, at, book, doctor, heard, move, near, patient, said

DESK, ADMIN = patient(None, "receptionist"), patient(None, "admin")
STEPS = {
    "requested": [],
    "booked": ["accept"],
    "in_progress": ["accept", "start"],
    "fulfilled": ["accept", "start", "complete"],
}


def facts(session: Session) -> list[tuple[UUID, Any, int]]:
    """Doctor, end and revision of each published event about open appointments, in order."""
    return [(fact["doctor_id"], fact["ends_at"], fact["revision"]) for fact in said(session, OpenAppointmentChanged)]


def appointment(session: Session, who: Actor, status: str = "booked", **fields: Any) -> dict[str, Any]:
    """An appointment in this state. Its events are removed, and its row is read from the database again."""
    visit = book(session, who, **fields)
    for step in STEPS[status]:
        visit = move(session, who, visit, step)
    read_again(session)
    return visit


def read_again(session: Session) -> None:
    """Remove the events, and have the next transaction read its rows."""
    session.flush()
    session.expunge_all()
    session.published.clear()


def displaced(session: Session, who: Actor) -> dict[str, Any]:
    """An appointment that lost its time. Its events are removed."""
    visit = appointment(session, who)
    appointments.displace(session, SYSTEM, session.get_one(Appointment, visit["id"]), reason=None)
    read_again(session)
    return visit


def missed(session: Session, who: Actor) -> dict[str, Any]:
    """An appointment whose patient did not arrive. Its events are removed."""
    visit = appointment(session, who)
    session.get_one(Appointment, visit["id"]).status = "no_show"
    read_again(session)
    return visit


def change(session: Session, visit: dict[str, Any], **fields: Any) -> Any:
    return rescheduling.change(session, ADMIN, ChangeAppointment(appointment_id=visit["id"], **fields))


def undo(session: Session, visit: dict[str, Any]) -> Any:
    command = UndoCompletion(appointment_id=visit["id"], reason="The wrong patient.")
    return completion_undo.undo_completion(session, ADMIN, command)


@pytest.mark.parametrize("by_desk", [False, True])
def test_new_appointment_publishes_its_doctor_and_end(session: Session, *, by_desk: bool) -> None:
    who = doctor(session)
    visit = book(session, who, **({"actor": DESK, "patient_id": uuid7()} if by_desk else {}))
    assert facts(session) == [(who.person, visit["ends_at"], 1)]


@pytest.mark.parametrize(("status", "step"), [("requested", "accept"), ("booked", "start")])
def test_step_of_an_open_appointment_publishes_nothing(session: Session, status: str, step: str) -> None:
    who = doctor(session)
    move(session, who, appointment(session, who, status), step)
    assert facts(session) == []


def test_arrival_publishes_nothing_when_the_appointment_was_booked(session: Session) -> None:
    visit = appointment(session, doctor(session))
    with near(visit):
        move(session, DESK, visit, "arrive")
    assert facts(session) == []


def test_arrival_opens_the_appointment_after_a_no_show(session: Session) -> None:
    who = doctor(session)
    visit = missed(session, who)
    with near(visit):
        move(session, DESK, visit, "arrive")
    assert facts(session) == [(who.person, visit["ends_at"], 3)]


@pytest.mark.parametrize(
    ("status", "step", "fields"),
    [("requested", "reject", {"reason": "Elsewhere."}), ("in_progress", "complete", {})],
)
def test_step_that_ends_an_appointment_closes_it(
    session: Session, status: str, step: str, fields: dict[str, str]
) -> None:
    who = doctor(session)
    visit = appointment(session, who, status)
    move(session, who, visit, step, **fields)
    assert facts(session) == [(who.person, None, visit["revision"] + 1)]


def test_cancellation_closes_the_appointment(session: Session) -> None:
    who = doctor(session)
    move(session, DESK, appointment(session, who), "cancel", reason=None)
    assert facts(session) == [(who.person, None, 3)]


def test_displacement_closes_the_appointment(session: Session) -> None:
    who = doctor(session)
    visit = appointment(session, who)
    appointments.displace(session, SYSTEM, session.get_one(Appointment, visit["id"]), reason=None)
    assert facts(session) == [(who.person, None, 3)]


@pytest.mark.parametrize(
    ("status", "timer", "days"), [("requested", timers.expire_requests, 2), ("booked", timers.miss_visits, 4)]
)
def test_timer_closes_the_appointment(
    session: Session, monkeypatch: pytest.MonkeyPatch, status: str, timer: Any, days: int
) -> None:
    who = doctor(session)
    visit = appointment(session, who, status)
    monkeypatch.setattr(clock, "now", Clock(clock.now() + timedelta(days=days)).now)
    timer(session, SYSTEM)
    assert (who.person, None, visit["revision"] + 1) in facts(session)


def test_cancellation_publishes_nothing_when_the_appointment_was_displaced(session: Session) -> None:
    move(session, DESK, displaced(session, doctor(session)), "cancel", reason=None)
    assert facts(session) == []


def test_new_time_of_a_displaced_appointment_opens_it(session: Session) -> None:
    who = doctor(session)
    visit = displaced(session, who)
    change(session, visit, starts_at=at(3))
    assert facts(session) == [(who.person, at(3) + HALF_HOUR, 4)]


def test_new_place_of_a_displaced_appointment_publishes_nothing(session: Session) -> None:
    change(session, displaced(session, doctor(session)), place="Room 2")
    assert facts(session) == []


def test_new_place_publishes_nothing(session: Session) -> None:
    change(session, appointment(session, doctor(session)), place="Room 2")
    assert facts(session) == []


def test_new_time_publishes_the_new_end(session: Session) -> None:
    who = doctor(session)
    change(session, appointment(session, who), starts_at=at(3))
    assert facts(session) == [(who.person, at(3) + HALF_HOUR, 3)]


def test_new_doctor_is_published(session: Session) -> None:
    other = doctor(session)
    visit = appointment(session, doctor(session))
    change(session, visit, doctor_id=other.person)
    assert facts(session) == [(other.person, visit["ends_at"], 3)]


def test_patient_who_reschedules_publishes_the_new_end(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = appointment(session, who, actor=asking)
    given: dict[str, Any] = {"starts_at": at(3), "overbook_reason": None, "minutes": None, "doctor_id": None}
    rescheduling.reschedule(session, asking, RescheduleAppointment(appointment_id=visit["id"], **given))
    assert facts(session) == [(who.person, at(3) + HALF_HOUR, 3)]


@pytest.mark.parametrize("is_free", [True, False])
def test_departure_of_a_doctor_publishes_the_successor_or_closes(session: Session, *, is_free: bool) -> None:
    who, other = doctor(session), doctor(session)
    if not is_free:
        book(session, other)
    visit = appointment(session, who)
    event = example_of(UserErased, user_id=who.person, reassign_to=other.person)
    handlers.on_user_erased(session, heard(session, 9), event)
    assert facts(session) == [(other.person, visit["ends_at"], 3) if is_free else (who.person, None, 3)]


def test_undone_completion_opens_the_appointment(session: Session) -> None:
    who = doctor(session)
    visit = appointment(session, who, "fulfilled")
    undo(session, visit)
    assert facts(session) == [(who.person, visit["ends_at"], 5)]


def test_undone_completion_publishes_nothing_when_the_time_is_taken(session: Session) -> None:
    who = doctor(session)
    visit = appointment(session, who, "fulfilled")
    book(session, who)
    read_again(session)
    assert undo(session, visit).status == "displaced"
    assert facts(session) == []


def test_repetition_publishes_open_and_recent_appointments_once_a_week(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", Clock(clock.now()).now)
    who = doctor(session)
    is_open, closed = appointment(session, who), displaced(session, doctor(session))
    old = session.get_one(Appointment, appointment(session, doctor(session))["id"])
    old.status, old.starts_at, old.ends_at = "fulfilled", at(-9), at(-9, minute=30)
    session.flush()
    ids = {visit["id"] for visit in (is_open, closed)} | {old.id}
    open_appointments.repeat(session, SYSTEM)
    open_appointments.repeat(session, SYSTEM)
    told = [fact for fact in said(session, OpenAppointmentChanged) if fact["appointment_id"] in ids]
    assert {fact["appointment_id"]: fact["ends_at"] for fact in told} == {
        is_open["id"]: is_open["ends_at"],
        closed["id"]: None,
    }
    assert len(told) == 2


def test_repetition_publishes_again_in_the_next_week(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = appointment(session, doctor(session))
    open_appointments.repeat(session, SYSTEM)
    monkeypatch.setattr(clock, "now", Clock(clock.now() + timedelta(days=7)).now)
    open_appointments.repeat(session, SYSTEM)
    told = [fact for fact in said(session, OpenAppointmentChanged) if fact["appointment_id"] == visit["id"]]
    assert [fact["revision"] for fact in told] == [2, 2]
