"""Departure of a doctor: visits move to the successor, or are displaced."""

from collections.abc import Callable

import pytest

from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.auth.events import RoleRevoked
from contracts.scheduling.appointments.events import AppointmentDisplaced, AppointmentRescheduled
from services.scheduling import handlers
from tests.events import example_of
from tests.scheduling.appointment_steps import book_accepted
from tests.scheduling.departures import deactivate_user, revoke_doctor_role
from tests.scheduling.factories import (
    add_doctor,
    approve_doctor,
    book,
    doctor_status_revision,
    event_actor,
    published,
)

each_departure = pytest.mark.parametrize("leave", [deactivate_user, revoke_doctor_role])


@each_departure
def test_visits_are_displaced_and_published_when_their_doctor_leaves(
    session: Session, leave: Callable[..., None]
) -> None:
    doctor = add_doctor(session)
    visit = book_accepted(session, doctor)
    leave(session, doctor)
    assert doctor_status_revision(session, visit) == (doctor.person, "displaced", visit["revision"] + 1)
    assert [event["appointment_id"] for event in published(session, AppointmentDisplaced)] == [visit["id"]]


@each_departure
def test_visits_move_to_the_successor_when_their_doctor_leaves(session: Session, leave: Callable[..., None]) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book_accepted(session, doctor)
    leave(session, doctor, other)
    assert doctor_status_revision(session, visit)[:2] == (other.person, "booked")
    assert [event["former_doctor_id"] for event in published(session, AppointmentRescheduled)] == [doctor.person]


@each_departure
def test_visits_stay_when_a_newer_approval_is_known(session: Session, leave: Callable[..., None]) -> None:
    doctor = add_doctor(session)
    visit = book_accepted(session, doctor)
    approve_doctor(session, doctor, 9)
    leave(session, doctor, sequence=8)
    assert doctor_status_revision(session, visit)[:2] == (doctor.person, "booked")


def test_visits_stay_when_the_doctor_loses_another_role(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book_accepted(session, doctor)
    handlers.on_role_revoked(
        session, event_actor(session, 9), example_of(RoleRevoked, user_id=doctor.person, role="nurse")
    )
    assert doctor_status_revision(session, visit)[:2] == (doctor.person, "booked")


@each_departure
def test_booking_is_refused_when_the_doctor_has_left(session: Session, leave: Callable[..., None]) -> None:
    doctor = add_doctor(session)
    leave(session, doctor)
    with pytest.raises(NotFound):
        book(session, doctor)
