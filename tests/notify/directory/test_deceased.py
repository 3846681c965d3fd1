"""Deceased patients get no notifications about appointments, records and prescriptions. Others get theirs."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.event import Event
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.clinical.records import RecordAdded
from contracts.scheduling.appointments.events import AppointmentCancelled, AppointmentDisplaced, VisitCompleted
from services.notify.directory import deceased
from tests.events import example_of
from tests.notify.factories import NOON, handle, heard, notified


def die(session: Session, patient_id: UUID, revision: int = 2, *, by_mistake: bool = False) -> None:
    """Record a death, or that the record was a mistake."""
    facts = {"patient_id": patient_id, "deceased_at": None if by_mistake else NOON, "revision": revision}
    deceased.on_patient_vital_status_changed(session, heard(session), example_of(PatientVitalStatusChanged, **facts))


def recipients(session: Session, event: type[Event], patient_id: UUID, **facts: Any) -> set[UUID]:
    """Handle an event about a patient; return the notified people."""
    example = example_of(event, patient_id=patient_id, **facts)
    actor = heard(session, event.event_name(), subject=example.data[event.subject])
    handle(session, actor, example)
    return {row.person_id for row in notified(session, actor)}


@pytest.mark.parametrize("event", [AppointmentDisplaced, VisitCompleted, PrescriptionAdded, RecordAdded])
def test_deceased_patient_gets_no_notification_about_care(session: Session, event: type[Event]) -> None:
    person, other = uuid7(), uuid7()
    die(session, person)
    assert [recipients(session, event, patient) for patient in (person, other)] == [set(), {other}]


def test_deceased_patient_gets_a_notification_about_an_invoice(session: Session) -> None:
    die(session, person := uuid7())
    assert recipients(session, InvoiceIssued, person) == {person}


def test_patient_gets_notifications_again_when_the_death_was_a_mistake(session: Session) -> None:
    die(session, person := uuid7())
    die(session, person, 3, by_mistake=True)
    die(session, person)  # The stale event arrives again.
    assert recipients(session, AppointmentDisplaced, person) == {person}


def test_cancellation_by_death_notifies_only_the_doctor_before_the_death_is_known(session: Session) -> None:
    person, doctor = uuid7(), uuid7()
    facts = {"doctor_id": doctor, "tell_patient": False}
    assert recipients(session, AppointmentCancelled, person, **facts) == {doctor}
