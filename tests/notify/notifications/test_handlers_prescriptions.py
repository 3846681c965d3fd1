"""Notifications about the ends, refills and dispenses of prescriptions."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.event import Event
from chassis.persistence.database import Session
from contracts.clinical.dispenses import DispenseDeclined, MedicineDispensed
from contracts.clinical.prescriptions import PrescriptionDiscontinued
from contracts.clinical.refills import RefillDecided, RefillOutcome, RefillRequested
from tests.events import example_of
from tests.notify.factories import handle, heard, notified


def messages(session: Session, event: Event, subject: UUID) -> dict[UUID, str]:
    """Handle an event; return the message of each notified person."""
    actor = heard(session, event.event_name(), subject=subject)
    handle(session, actor, event)
    return {row.person_id: row.message for row in notified(session, actor)}


def test_discontinuation_notifies_the_patient_only_if_the_prescriber_did_it(session: Session) -> None:
    event = example_of(PrescriptionDiscontinued)
    assert messages(session, event, event.prescription_id).keys() == {event.patient_id}


def test_discontinuation_by_a_colleague_notifies_the_prescriber(session: Session) -> None:
    event = example_of(PrescriptionDiscontinued, discontinued_by=uuid7())
    assert messages(session, event, event.prescription_id) == {
        event.patient_id: "A doctor has ended one of your prescriptions. Please see which.",
        event.doctor_id: "A colleague has ended one of your prescriptions.",
    }


def test_refill_request_notifies_each_deciding_doctor(session: Session) -> None:
    doctors = [uuid7(), uuid7()]
    event = example_of(RefillRequested, recipient_ids=doctors)
    assert sorted(messages(session, event, event.refill_id)) == doctors


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("approved", "Your refill request is approved. The pharmacy can dispense it."),
        ("denied", "Your refill request was denied. Please see the reason."),
        ("needs_visit", "The doctor wants to see you before a refill. Please book an appointment."),
    ],
)
def test_refill_decision_notifies_the_patient(session: Session, status: str, message: str) -> None:
    event = example_of(RefillDecided, status=RefillOutcome(status))
    assert messages(session, event, event.refill_id) == {event.patient_id: message}


def test_expired_refill_request_notifies_both_sides(session: Session) -> None:
    event = example_of(RefillDecided, status=RefillOutcome.EXPIRED, renewed_id=None, recipient_ids=[uuid7()])
    assert messages(session, event, event.refill_id) == {
        event.patient_id: "Your refill request has expired.",
        event.recipient_ids[0]: "A refill request expired without a decision.",
    }


def test_dispense_notifies_the_patient(session: Session) -> None:
    event = example_of(MedicineDispensed)
    assert messages(session, event, event.dispense_id).keys() == {event.patient_id}


def test_declined_dispense_notifies_patient_and_prescriber(session: Session) -> None:
    event = example_of(DispenseDeclined)
    assert messages(session, event, event.prescription_id) == {
        event.patient_id: "The pharmacy has declined to dispense one of your prescriptions. Please see the reason.",
        event.doctor_id: "The pharmacy has declined to dispense a prescription of yours. Please see the reason.",
    }
