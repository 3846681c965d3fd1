"""Notifications about booked, rescheduled and cancelled appointments."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.event import Event
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
)
from services.notify.models.notifications import Notification
from services.notify.notifications import handlers
from tests.events import example_of
from tests.notify.factories import handle, heard, notified

VISIT = "Monday 23 November 2026, 14:30"
MOVED = f"Your appointment has changed: it is on {VISIT}. Please check the doctor and the place."
RELOCATED = f"Your appointment on {VISIT} has moved to another place. Please check where."
GIVEN = f"The desk has booked an appointment with you on {VISIT}"
GIVEN_AWAY = "A colleague has taken over one of your appointments."


def messages(session: Session, event: type[Event], *, without: tuple[str, ...] = (), **facts: Any) -> dict[str, str]:
    """Handle the example of an event with these facts; return the messages to the patient and the doctor."""
    data = {name: value for name, value in {**event.example, **facts}.items() if name not in without}
    handle(session, heard(session, event.event_name()), event.schema().load(data))
    people = {UUID(data[name]): name.removesuffix("_id") for name in ("patient_id", "doctor_id")}
    found = session.scalars(select(Notification).where(Notification.person_id.in_(people)))
    return {people[row.person_id]: row.message for row in found}


def test_booking_by_the_desk_notifies_patient_and_doctor(session: Session) -> None:
    found = messages(session, AppointmentBooked, by="desk")
    assert found == {"patient": f"Your appointment on {VISIT} is confirmed.", "doctor": f"{GIVEN}."}


def test_overbooking_by_the_desk_is_mentioned_to_the_doctor(session: Session) -> None:
    found = messages(session, AppointmentBooked, by="desk", overbooked=True)
    assert found["doctor"] == f"{GIVEN}, outside your working hours or alongside another appointment."


def test_booking_by_the_doctor_notifies_only_the_patient(session: Session) -> None:
    assert messages(session, AppointmentBooked, by="doctor").keys() == {"patient"}


def test_booking_without_an_author_notifies_only_the_patient(session: Session) -> None:
    assert messages(session, AppointmentBooked, without=("by", "overbooked")).keys() == {"patient"}


@pytest.mark.parametrize(
    "changed", [["starts_at"], ["ends_at"], ["doctor_id"], ["status", "reason"], ["place", "ends_at"]]
)
def test_rescheduling_notifies_patient_and_doctor(session: Session, changed: list[str]) -> None:
    assert messages(session, AppointmentRescheduled, changed=changed) == {"patient": MOVED, "doctor": MOVED}


@pytest.mark.parametrize("changed", [["place"], ["place", "reason"], ["place", "overbooked"]])
def test_relocation_has_a_text_of_its_own(session: Session, changed: list[str]) -> None:
    assert messages(session, AppointmentRescheduled, changed=changed) == {"patient": RELOCATED, "doctor": RELOCATED}


@pytest.mark.parametrize("changed", [["reason"], ["overbooked"], ["reason", "overbooked"]])
def test_new_reason_alone_notifies_no_person(session: Session, changed: list[str]) -> None:
    assert messages(session, AppointmentRescheduled, changed=changed, former_doctor_id=None) == {}


def test_relocation_of_a_displaced_appointment_notifies_no_person(session: Session) -> None:
    facts = {"changed": ["place"], "status": "displaced", "former_doctor_id": None}
    assert messages(session, AppointmentRescheduled, **facts) == {}


@pytest.mark.parametrize(("changed", "line"), [(["starts_at"], MOVED), (["place"], RELOCATED)])
def test_change_by_the_doctor_notifies_only_the_patient(session: Session, changed: list[str], line: str) -> None:
    assert messages(session, AppointmentRescheduled, changed=changed, by="doctor") == {"patient": line}


@pytest.mark.parametrize("by", ["patient", "desk"])
def test_change_by_others_notifies_patient_and_doctor(session: Session, by: str) -> None:
    assert messages(session, AppointmentRescheduled, by=by).keys() == {"patient", "doctor"}


def test_change_without_details_notifies_patient_and_doctor(session: Session) -> None:
    found = messages(session, AppointmentRescheduled, without=("changed", "by", "former_doctor_id"))
    assert found == {"patient": MOVED, "doctor": MOVED}


def test_former_doctor_is_notified_once_and_does_not_learn_the_new_time(session: Session) -> None:
    event, actor = example_of(AppointmentRescheduled), heard(session, "appointment_rescheduled")
    for _time in range(2):
        handlers.on_appointment_rescheduled(session, actor, event)
    found = [(row.person_id, row.kind) for row in notified(session, actor)]
    assert sorted(found, key=str) == sorted(
        [
            (event.patient_id, "appointment_rescheduled"),
            (event.doctor_id, "appointment_rescheduled"),
            (event.former_doctor_id, "appointment_given_away"),
        ],
        key=str,
    )
    assert GIVEN_AWAY in [row.message for row in notified(session, actor)]


def test_no_former_doctor_is_notified_when_the_doctor_stays(session: Session) -> None:
    actor = heard(session, "appointment_rescheduled")
    handlers.on_appointment_rescheduled(session, actor, example_of(AppointmentRescheduled, former_doctor_id=None))
    assert [row.kind for row in notified(session, actor)] == ["appointment_rescheduled"] * 2


def test_old_event_without_former_doctor_notifies_patient_and_doctor(session: Session) -> None:
    old = {name: value for name, value in AppointmentRescheduled.example.items() if name != "former_doctor_id"}
    actor = heard(session, "appointment_rescheduled")
    handlers.on_appointment_rescheduled(session, actor, AppointmentRescheduled.schema().load(old))
    assert [row.kind for row in notified(session, actor)] == ["appointment_rescheduled"] * 2


@pytest.mark.parametrize(("tell_patient", "fields"), [(True, {"patient_id", "doctor_id"}), (False, {"doctor_id"})])
def test_cancellation_after_a_death_notifies_only_the_doctor(
    session: Session,
    tell_patient: bool,  # noqa: FBT001  a case of the table
    fields: set[str],
) -> None:
    people = {"patient_id": uuid7(), "doctor_id": uuid7()}
    actor = heard(session, "appointment_cancelled")
    event = example_of(AppointmentCancelled, **people, tell_patient=tell_patient)
    handlers.on_appointment_cancelled(session, actor, event)
    assert {row.person_id for row in notified(session, actor)} == {people[field] for field in fields}
