"""A patient who has died is told nothing of visits and prescriptions; the doctor and the heirs are told."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.event import Event
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.scheduling.appointments.events import AppointmentCancelled, AppointmentDisplaced, VisitCompleted
from services.notify.directory import deceased
from services.notify.models.notifications import Notification
from services.notify.notifications.commands import tells
from tests.events import example_of
from tests.notify.factories import NOON, heard


def die(session: Session, patient_id: UUID, revision: int = 2, *, by_mistake: bool = False) -> None:
    at = None if by_mistake else NOON
    deceased.note(
        session,
        heard(),
        example_of(PatientVitalStatusChanged, patient_id=patient_id, deceased_at=at, revision=revision),
    )


def told(session: Session, event: type[Event], patient_id: UUID, *people: str, **facts: Any) -> set[UUID]:
    """Who is told of an event about a patient."""
    said = example_of(event, patient_id=patient_id, **facts)
    actor = heard(event.event_name(), subject=said.data[event.subject])
    tells("patient_id", *people)(session, actor, said)
    query = select(Notification.person_id).where(Notification.event_id == actor.heard.event_id)
    return set(session.scalars(query))


@pytest.mark.parametrize("event", [AppointmentDisplaced, VisitCompleted, PrescriptionAdded])
def test_patient_who_has_died_is_told_nothing_of_it(session: Session, event: type[Event]) -> None:
    person, other = uuid7(), uuid7()
    die(session, person)
    assert [told(session, event, one) for one in (person, other)] == [set(), {other}]


def test_invoice_of_a_patient_who_has_died_is_told(session: Session) -> None:
    die(session, person := uuid7())
    assert told(session, InvoiceIssued, person) == {person}


def test_patient_is_told_again_when_the_death_was_a_mistake(session: Session) -> None:
    die(session, person := uuid7())
    die(session, person, 3, by_mistake=True)
    die(session, person)  # Comes again, and is stale.
    assert told(session, AppointmentDisplaced, person) == {person}


def test_doctor_alone_is_told_of_a_visit_that_a_death_cancels_before_it_is_heard_of(session: Session) -> None:
    person, doctor = uuid7(), uuid7()
    facts = {"doctor_id": doctor, "tell_patient": False}
    assert told(session, AppointmentCancelled, person, "doctor_id", **facts) == {doctor}
