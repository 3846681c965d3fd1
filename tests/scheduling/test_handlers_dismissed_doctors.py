"""A doctor's account is deactivated, or the role is taken: the visits go to another doctor, or lose their time."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import DoctorApproved, RoleRevoked, UserDeactivated
from contracts.scheduling.appointments.events import AppointmentDisplaced, AppointmentRescheduled
from services.scheduling import handlers
from services.scheduling.directory import doctors
from tests.events import example_of
from tests.scheduling.appointments.test_handover import after
from tests.scheduling.factories import book, doctor, heard, move, said

Leave = Callable[[Session, Actor, int, UUID | None], None]


def deactivate(session: Session, who: Actor, sequence: int, to: UUID | None) -> None:
    """Hear that an account cannot be used."""
    handlers.on_user_deactivated(
        session, heard(session, sequence), example_of(UserDeactivated, user_id=who.person, reassign_to=to)
    )
    session.flush()


def dismiss(session: Session, who: Actor, sequence: int, to: UUID | None) -> None:
    """Hear that a person is no doctor any more."""
    handlers.on_role_revoked(
        session, heard(session, sequence), example_of(RoleRevoked, user_id=who.person, role="doctor", reassign_to=to)
    )
    session.flush()


both_ways = pytest.mark.parametrize("leave", [deactivate, dismiss])


def booked(session: Session, who: Actor) -> dict[str, Any]:
    """A visit that the doctor has accepted."""
    return move(session, who, book(session, who), "accept")


@both_ways
def test_visits_are_displaced_and_told_when_their_doctor_leaves(session: Session, leave: Leave) -> None:
    who = doctor(session)
    visit = booked(session, who)
    leave(session, who, 9, None)
    assert after(session, visit) == (who.person, "displaced", visit["revision"] + 1)
    assert [told["appointment_id"] for told in said(session, AppointmentDisplaced)] == [visit["id"]]


@both_ways
def test_visits_go_to_the_successor_when_their_doctor_leaves(session: Session, leave: Leave) -> None:
    who, other = doctor(session), doctor(session)
    visit = booked(session, who)
    leave(session, who, 9, other.person)
    assert after(session, visit)[:2] == (other.person, "booked")
    assert [told["former_doctor_id"] for told in said(session, AppointmentRescheduled)] == [who.person]


@both_ways
def test_visits_stay_when_the_doctor_is_known_to_be_back(session: Session, leave: Leave) -> None:
    who = doctor(session)
    visit = booked(session, who)
    doctors.remember(
        session,
        heard(session, 9),
        example_of(DoctorApproved, doctor_id=who.person, name="Dr Lena Weiss", specialization="cardiology"),
    )
    leave(session, who, 8, None)
    assert after(session, visit)[:2] == (who.person, "booked")


def test_visits_stay_when_the_doctor_loses_another_role(session: Session) -> None:
    who = doctor(session)
    visit = booked(session, who)
    handlers.on_role_revoked(session, heard(session, 9), example_of(RoleRevoked, user_id=who.person, role="nurse"))
    assert after(session, visit)[:2] == (who.person, "booked")


@both_ways
def test_doctor_who_has_left_cannot_be_booked(session: Session, leave: Leave) -> None:
    who = doctor(session)
    leave(session, who, 9, None)
    with pytest.raises(NotFound):
        book(session, who)
