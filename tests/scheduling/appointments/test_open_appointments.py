"""The event about open appointments: published when doctor, end or openness changes, and only then."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from contracts.scheduling.appointments.visits import UndoCompletion
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import completion_undo, open_appointments, timers
from services.scheduling.models.appointments import Appointment
from tests.scheduling.appointment_steps import change_appointment, reschedule
from tests.scheduling.departures import erase_user
from tests.scheduling.factories import (
    HALF_HOUR,
    add_doctor,
    at,
    book,
    make_patient,
    make_user,
    published,
    shortly_before,
    transition,
)
from tests.scheduling.service_client import ManualClock

DESK, ADMIN = make_user("receptionist"), make_user("admin")
STEPS = {
    "requested": [],
    "booked": ["accept"],
    "in_progress": ["accept", "start"],
    "fulfilled": ["accept", "start", "complete"],
}


def facts(session: Session) -> list[tuple[UUID, Any, int]]:
    """Doctor, end and revision of each published event about open appointments, in order."""
    return [
        (fact["doctor_id"], fact["ends_at"], fact["revision"]) for fact in published(session, OpenAppointmentChanged)
    ]


def add_appointment(session: Session, doctor: Actor, status: str = "booked", **fields: Any) -> dict[str, Any]:
    """An appointment in this state. Its events are removed, and its row is read from the database again."""
    visit = book(session, doctor, **fields)
    for step in STEPS[status]:
        visit = transition(session, doctor, visit, step)
    expire_session(session)
    return visit


def expire_session(session: Session) -> None:
    """Remove the events, and have the next transaction read its rows."""
    session.flush()
    session.expunge_all()
    session.published.clear()


def add_displaced(session: Session, doctor: Actor) -> dict[str, Any]:
    """An appointment that lost its time. Its events are removed."""
    visit = add_appointment(session, doctor)
    appointments.displace(session, SYSTEM, session.get_one(Appointment, visit["id"]), reason=None)
    expire_session(session)
    return visit


def add_missed(session: Session, doctor: Actor) -> dict[str, Any]:
    """An appointment whose patient did not arrive. Its events are removed."""
    visit = add_appointment(session, doctor)
    session.get_one(Appointment, visit["id"]).status = "no_show"
    expire_session(session)
    return visit


def undo_completion(session: Session, visit: dict[str, Any]) -> Any:
    command = UndoCompletion(appointment_id=visit["id"], reason="The wrong patient.")
    return completion_undo.undo_completion(session, ADMIN, command)


@pytest.mark.parametrize("by_desk", [False, True])
def test_new_appointment_publishes_its_doctor_and_end(session: Session, *, by_desk: bool) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor, **({"actor": DESK, "patient_id": uuid7()} if by_desk else {}))
    assert facts(session) == [(doctor.person, visit["ends_at"], 1)]


@pytest.mark.parametrize(("status", "step"), [("requested", "accept"), ("booked", "start")])
def test_step_of_an_open_appointment_publishes_nothing(session: Session, status: str, step: str) -> None:
    doctor = add_doctor(session)
    transition(session, doctor, add_appointment(session, doctor, status), step)
    assert facts(session) == []


def test_arrival_publishes_nothing_when_the_appointment_was_booked(session: Session) -> None:
    visit = add_appointment(session, add_doctor(session))
    with shortly_before(visit):
        transition(session, DESK, visit, "arrive")
    assert facts(session) == []


def test_arrival_opens_the_appointment_after_a_no_show(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_missed(session, doctor)
    with shortly_before(visit):
        transition(session, DESK, visit, "arrive")
    assert facts(session) == [(doctor.person, visit["ends_at"], 3)]


@pytest.mark.parametrize(
    ("status", "step", "fields"),
    [("requested", "reject", {"reason": "Elsewhere."}), ("in_progress", "complete", {})],
)
def test_step_that_ends_an_appointment_closes_it(
    session: Session, status: str, step: str, fields: dict[str, str]
) -> None:
    doctor = add_doctor(session)
    visit = add_appointment(session, doctor, status)
    transition(session, doctor, visit, step, **fields)
    assert facts(session) == [(doctor.person, None, visit["revision"] + 1)]


def test_cancellation_closes_the_appointment(session: Session) -> None:
    doctor = add_doctor(session)
    transition(session, DESK, add_appointment(session, doctor), "cancel", reason=None)
    assert facts(session) == [(doctor.person, None, 3)]


def test_displacement_closes_the_appointment(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_appointment(session, doctor)
    appointments.displace(session, SYSTEM, session.get_one(Appointment, visit["id"]), reason=None)
    assert facts(session) == [(doctor.person, None, 3)]


@pytest.mark.parametrize(
    ("status", "timer", "days"), [("requested", timers.expire_requests, 2), ("booked", timers.miss_visits, 4)]
)
def test_timer_closes_the_appointment(
    session: Session, monkeypatch: pytest.MonkeyPatch, status: str, timer: Any, days: int
) -> None:
    doctor = add_doctor(session)
    visit = add_appointment(session, doctor, status)
    monkeypatch.setattr(clock, "now", ManualClock(clock.now() + timedelta(days=days)).now)
    timer(session, SYSTEM)
    assert (doctor.person, None, visit["revision"] + 1) in facts(session)


def test_cancellation_publishes_nothing_when_the_appointment_was_displaced(session: Session) -> None:
    transition(session, DESK, add_displaced(session, add_doctor(session)), "cancel", reason=None)
    assert facts(session) == []


def test_new_time_of_a_displaced_appointment_opens_it(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_displaced(session, doctor)
    change_appointment(session, visit, starts_at=at(3))
    assert facts(session) == [(doctor.person, at(3) + HALF_HOUR, 4)]


def test_new_place_of_a_displaced_appointment_publishes_nothing(session: Session) -> None:
    change_appointment(session, add_displaced(session, add_doctor(session)), place="Room 2")
    assert facts(session) == []


def test_new_place_publishes_nothing(session: Session) -> None:
    change_appointment(session, add_appointment(session, add_doctor(session)), place="Room 2")
    assert facts(session) == []


def test_new_time_publishes_the_new_end(session: Session) -> None:
    doctor = add_doctor(session)
    change_appointment(session, add_appointment(session, doctor), starts_at=at(3))
    assert facts(session) == [(doctor.person, at(3) + HALF_HOUR, 3)]


def test_new_doctor_is_published(session: Session) -> None:
    other = add_doctor(session)
    visit = add_appointment(session, add_doctor(session))
    change_appointment(session, visit, doctor_id=other.person)
    assert facts(session) == [(other.person, visit["ends_at"], 3)]


def test_patient_who_reschedules_publishes_the_new_end(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = add_appointment(session, doctor, actor=patient)
    reschedule(session, patient, visit, starts_at=at(3))
    assert facts(session) == [(doctor.person, at(3) + HALF_HOUR, 3)]


@pytest.mark.parametrize("is_free", [True, False])
def test_departure_of_a_doctor_publishes_the_successor_or_closes(session: Session, *, is_free: bool) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    if not is_free:
        book(session, other)
    visit = add_appointment(session, doctor)
    erase_user(session, doctor, other)
    assert facts(session) == [(other.person, visit["ends_at"], 3) if is_free else (doctor.person, None, 3)]


def test_undone_completion_opens_the_appointment(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_appointment(session, doctor, "fulfilled")
    undo_completion(session, visit)
    assert facts(session) == [(doctor.person, visit["ends_at"], 5)]


def test_undone_completion_publishes_nothing_when_the_time_is_taken(session: Session) -> None:
    doctor = add_doctor(session)
    visit = add_appointment(session, doctor, "fulfilled")
    book(session, doctor)
    expire_session(session)
    assert undo_completion(session, visit).status == "displaced"
    assert facts(session) == []


def test_repetition_publishes_open_and_recent_appointments_once_a_week(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", ManualClock(clock.now()).now)
    doctor = add_doctor(session)
    is_open, closed = add_appointment(session, doctor), add_displaced(session, add_doctor(session))
    old = session.get_one(Appointment, add_appointment(session, add_doctor(session))["id"])
    old.status, old.starts_at, old.ends_at = "fulfilled", at(-9), at(-9, minute=30)
    session.flush()
    ids = {visit["id"] for visit in (is_open, closed)} | {old.id}
    open_appointments.repeat(session, SYSTEM)
    open_appointments.repeat(session, SYSTEM)
    published_facts = [fact for fact in published(session, OpenAppointmentChanged) if fact["appointment_id"] in ids]
    assert {fact["appointment_id"]: fact["ends_at"] for fact in published_facts} == {
        is_open["id"]: is_open["ends_at"],
        closed["id"]: None,
    }
    assert len(published_facts) == 2


def test_repetition_publishes_again_in_the_next_week(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = add_appointment(session, add_doctor(session))
    open_appointments.repeat(session, SYSTEM)
    monkeypatch.setattr(clock, "now", ManualClock(clock.now() + timedelta(days=7)).now)
    open_appointments.repeat(session, SYSTEM)
    published_facts = [
        fact for fact in published(session, OpenAppointmentChanged) if fact["appointment_id"] == visit["id"]
    ]
    assert [fact["revision"] for fact in published_facts] == [2, 2]
