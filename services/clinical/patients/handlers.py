"""Copy the accounts of patients from auth, and erase patients."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, or_, select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from contracts.auth.events import UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import PatientIdentityChanged
from services.clinical.directory import people, staff
from services.clinical.models.care import CareRelation
from services.clinical.models.history import HistoryEntry
from services.clinical.models.labs import LabOrder
from services.clinical.models.patients import Patient
from services.clinical.models.prescriptions import Prescription
from services.clinical.patients import registry
from services.clinical.patients.rules import Name


class Phone(NamedTuple):
    """A phone number and the time of its last change."""

    number: str | None
    changed_at: datetime | None


def on_user_registered(session: Session, _actor: Actor, event: UserRegistered) -> None:
    """Copy the name of a new account. Create or update the record, if the account is a patient's."""
    people.copy_name(session, event)
    _copy_account(session, event, None)


def on_user_updated(session: Session, _actor: Actor, event: UserUpdated) -> None:
    """Copy the name of the changed account, and the other facts of a patient's account, with the phone number."""
    people.copy_name(session, event)
    _copy_account(session, event, Phone(event.phone, event.phone_changed_at))


def _copy_account(session: Session, event: UserRegistered | UserUpdated, phone: Phone | None) -> None:
    """Copy a patient's account, unless the copy is newer. A name that the desk has entered stays.

    An account that never had the patient's role has no record. Contact data is not published again, because other
    services hear it from auth. The record number and the name are published.
    """
    if not event.is_patient:
        _drop_unused(session, event.user_id)
        return
    patient = registry.lock_or_create(session, event.user_id)
    if patient.erased_at is not None or patient.changed_by >= session.call.heard.sequence:
        return
    was_blank, before = not patient.name, (patient.name, patient.email, patient.phone)
    if patient.family_name is None and patient.name != event.name:
        registry.rename(session, patient, Name(None, None, event.name))
        session.publish(PatientIdentityChanged(**patient.identity()))
    patient.change({"email": event.email})
    if phone is not None and patient.is_newer_phone(phone.changed_at):
        patient.change({"phone": phone.number, "phone_changed_at": phone.changed_at})
    if not was_blank and before != (patient.name, patient.email, patient.phone):
        patient.revision += 1
    patient.changed_by = session.call.heard.sequence


def _drop_unused(session: Session, user_id: UUID) -> None:
    """Delete the unused record of an account that is not a patient's. Its record number is not reused."""
    patient = session.get(Patient, user_id, with_for_update=True)
    if patient is None or patient.erased_at is not None or not patient.is_untouched():
        return
    if not 0 < patient.changed_by < session.call.heard.sequence:
        return
    in_care = select(CareRelation.id).where(CareRelation.patient_id == user_id)
    treated = select(Prescription.id).where(Prescription.patient_id == user_id)
    recorded = select(HistoryEntry.id).where(HistoryEntry.patient_id == user_id)
    examined = select(LabOrder.id).where(LabOrder.patient_id == user_id)
    if not session.scalar(select(or_(exists(in_care), exists(treated), exists(recorded), exists(examined)))):
        registry.drop_words(session, user_id)
        session.execute(delete(Patient).where(Patient.id == user_id))


def on_user_erased(session: Session, _actor: Actor, event: UserErased) -> None:
    """Clear the person's name and record, and leave a tombstone that no late event fills again."""
    people.erase(session, event.user_id)
    staff.suspend(session, event.user_id)
    patient = registry.lock_or_create(session, event.user_id)
    patient.forget(clock.now())
    registry.drop_words(session, event.user_id)
    erase_traces(session, event.user_id)
