"""Doctors prescribe medicines."""

import pytest

from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import Prescribe, PrescriptionAdded
from services.clinical.prescriptions.commands import prescribe
from tests.clinical.factories import doctor, in_care, item, patient, prescribed

AMOXICILLIN = {
    "medicine": "Amoxicillin",
    "dose": {"value": 500.0, "unit": "mg"},
    "route": "oral",
    "frequency": "every 8 hours",
    "days": 7,
    "quantity": 21,
    "refills": 0,
}


def test_doctor_prescribes_to_a_patient_in_care(session: Session) -> None:
    physician, person = in_care(session)
    written = prescribed(session, physician, person)
    assert (written.doctor_id, written.patient_id, written.status) == (physician.person, person.person, "active")


def test_prescribing_is_refused_without_a_care_relation(session: Session) -> None:
    with pytest.raises(NotFound):
        prescribed(session, doctor(), patient())


def test_event_names_no_medicine(session: Session) -> None:
    physician, person = in_care(session)
    written = prescribed(session, physician, person)
    (event,) = session.published
    assert isinstance(event, PrescriptionAdded)
    assert event.data == {"prescription_id": written.id, "patient_id": person.person, "doctor_id": physician.person}


def test_view_has_all_items_and_instructions(session: Session) -> None:
    physician, person = in_care(session)
    written = prescribe(
        session, physician, Prescribe(patient_id=person.person, items=[item()], instructions="With food.")
    )
    view = Prescribe.returns.dump_one(written)
    assert (view["items"], view["instructions"]) == ([AMOXICILLIN], "With food.")
