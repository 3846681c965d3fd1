"""Accounts: what auth says of people, copied into the records of those who are patients."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, or_, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserRegistered, UserUpdated
from contracts.clinical.patients import PatientIdentityChanged
from services.clinical import patients
from services.clinical.models.care import CareRelation
from services.clinical.models.patients import Patient, PatientWord
from services.clinical.models.prescriptions import Prescription


def remember(session: Session, _actor: Actor, event: UserRegistered | UserUpdated) -> None:
    """Copy a patient's account, unless what is known is newer. A name that the desk has seen papers of stays.

    An account that never had the patient's role has no record. Contact facts are not published again, because other
    services hear them from auth. The record number and the name are.
    """
    if not event.is_patient:
        _drop(session, event.user_id)
        return
    patient = patients.held(session, event.user_id)
    if patient.erased_at is not None or patient.changed_by >= session.call.heard.sequence:
        return
    facts: dict[str, Any] = {"email": event.email}
    if isinstance(event, UserUpdated) and patient.is_newer_phone(event.phone_changed_at):
        facts |= {"phone": event.phone, "phone_changed_at": event.phone_changed_at}
    renamed = patient.family_name is None and patient.name != event.name
    shown = renamed or any(getattr(patient, fact) != facts[fact] for fact in ("email", "phone") if fact in facts)
    if patient.name and shown:
        patient.revision += 1
    if renamed:
        patients.rename(session, patient, event.name, None, None)
        session.publish(PatientIdentityChanged(**patient.identity()))
    patient.change(facts)
    patient.changed_by = session.call.heard.sequence


def _drop(session: Session, user_id: UUID) -> None:
    """Drop a record that was opened for an account of somebody who is no patient, unless it has been used.

    Its record number is not given again.
    """
    patient = session.get(Patient, user_id, with_for_update=True)
    if patient is None or patient.erased_at is not None or not patient.is_untouched():
        return
    if not 0 < patient.changed_by < session.call.heard.sequence:
        return
    in_care = select(CareRelation.id).where(CareRelation.patient_id == user_id)
    treated = select(Prescription.id).where(Prescription.patient_id == user_id)
    if not session.scalar(select(or_(exists(in_care), exists(treated)))):
        session.execute(delete(PatientWord).where(PatientWord.patient_id == user_id))
        session.execute(delete(Patient).where(Patient.id == user_id))
