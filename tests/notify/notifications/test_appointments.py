"""Who is told what of a visit that is agreed, or that has changed."""

import inspect
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.event import Event
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentBooked, AppointmentRescheduled
from services.notify.models.notifications import Notification
from tests.notify.factories import heard
from tests.notify.notifications.test_handlers import HANDLERS

MOVED = "Your appointment has changed: it is on Monday 23 November 2026, 14:30. Please check the doctor and the place."
RELOCATED = "Your appointment on Monday 23 November 2026, 14:30 has moved to another place. Please check where."
GIVEN = "The desk has booked an appointment with you on Monday 23 November 2026, 14:30"


def hear(session: Session, event: type[Event], *, without: tuple[str, ...] = (), **facts: Any) -> dict[str, str]:
    """What each part in a visit is told when this is heard, the facts being those of the example but for these."""
    said = {name: value for name, value in {**event.example, **facts}.items() if name not in without}
    work = inspect.getclosurevars(HANDLERS[event]).nonlocals["work"]
    work(session, heard(event.event_name()), event.schema().load(said))
    parts = {UUID(said[name]): name.removesuffix("_id") for name in ("patient_id", "doctor_id")}
    found = session.scalars(select(Notification).where(Notification.person_id.in_(parts)))
    return {parts[told.person_id]: told.message for told in found}


def test_a_doctor_is_told_of_what_the_desk_books(session: Session) -> None:
    told = hear(session, AppointmentBooked, by="desk")
    assert told == {
        "patient": "Your appointment on Monday 23 November 2026, 14:30 is confirmed.",
        "doctor": f"{GIVEN}.",
    }


def test_a_doctor_is_told_that_a_visit_is_beside_the_hours_or_another_one(session: Session) -> None:
    told = hear(session, AppointmentBooked, by="desk", overbooked=True)
    assert told["doctor"] == f"{GIVEN}, outside your working hours or alongside another appointment."


def test_a_doctor_who_agrees_is_not_told_so(session: Session) -> None:
    assert hear(session, AppointmentBooked, by="doctor").keys() == {"patient"}


def test_an_agreement_of_before_it_said_by_whom_is_told_as_it_was_then(session: Session) -> None:
    assert hear(session, AppointmentBooked, without=("by", "overbooked")).keys() == {"patient"}


@pytest.mark.parametrize(
    "changed", [["starts_at"], ["ends_at"], ["doctor_id"], ["status", "reason"], ["place", "ends_at"]]
)
def test_another_time_or_doctor_is_told_to_both(session: Session, changed: list[str]) -> None:
    assert hear(session, AppointmentRescheduled, changed=changed) == {"patient": MOVED, "doctor": MOVED}


@pytest.mark.parametrize("changed", [["place"], ["place", "reason"], ["place", "overbooked"]])
def test_another_place_alone_is_told_as_that_and_not_named(session: Session, changed: list[str]) -> None:
    assert hear(session, AppointmentRescheduled, changed=changed) == {"patient": RELOCATED, "doctor": RELOCATED}


@pytest.mark.parametrize("changed", [["reason"], ["overbooked"], ["reason", "overbooked"]])
def test_of_another_reason_alone_nobody_is_told(session: Session, changed: list[str]) -> None:
    assert hear(session, AppointmentRescheduled, changed=changed, former_doctor_id=None) == {}


def test_nobody_is_told_of_the_place_of_a_visit_that_has_no_time(session: Session) -> None:
    facts = {"changed": ["place"], "status": "displaced", "former_doctor_id": None}
    assert hear(session, AppointmentRescheduled, **facts) == {}


@pytest.mark.parametrize(("changed", "line"), [(["starts_at"], MOVED), (["place"], RELOCATED)])
def test_a_doctor_is_not_told_what_they_have_done(session: Session, changed: list[str], line: str) -> None:
    assert hear(session, AppointmentRescheduled, changed=changed, by="doctor") == {"patient": line}


@pytest.mark.parametrize("by", ["patient", "desk"])
def test_a_patient_reads_also_what_they_have_asked_for(session: Session, by: str) -> None:
    assert hear(session, AppointmentRescheduled, by=by).keys() == {"patient", "doctor"}


def test_a_change_of_before_it_said_what_has_changed_is_told_to_both(session: Session) -> None:
    told = hear(session, AppointmentRescheduled, without=("changed", "by", "former_doctor_id"))
    assert told == {"patient": MOVED, "doctor": MOVED}
