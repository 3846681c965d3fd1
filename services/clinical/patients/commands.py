"""Register patients, and change their demographics."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Command, View
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.patients import (
    ADDRESS_OF_ACCOUNT,
    PROBABLE_DUPLICATE,
    CorrectPatient,
    PatientIdentityChanged,
    PatientRegistered,
    PatientUpdated,
    PatientVitalStatusChanged,
    RegisterPatientAtDesk,
    UpdateMyProfile,
)
from contracts.refusals import NO_SUCH_PATIENT
from services.clinical.models.patients import Patient
from services.clinical.patients import registry, rules
from services.clinical.patients.duplicates import find_duplicates
from services.clinical.patients.rules import Name

NAME_PARTS = ("given_name", "family_name")


def register(session: Session, _actor: Actor, command: RegisterPatientAtDesk) -> Patient:
    """Register a patient at the desk."""
    rules.check_birth(command.birth_date, _today())
    name = Name(command.given_name, command.family_name)
    duplicates = find_duplicates(session, name.text, command.birth_date, command.email)
    if duplicates and not command.confirmed_new:
        raise PROBABLE_DUPLICATE(patient_ids=[str(patient_id) for patient_id in duplicates])
    patient = registry.blank(session, uuid7())
    session.add(patient)
    patient.change(_columns_of(command, *NAME_PARTS, "confirmed_new"))
    registry.rename(session, patient, name)
    session.publish(PatientRegistered(**patient.contact()))
    session.publish(PatientIdentityChanged(**patient.identity()))
    return patient


def _columns_of(command: Command, *omitted: str) -> dict[str, Any]:
    """Return the columns in a command: its fields except the patient and the `omitted`, with views as plain JSON."""
    given = {name: value for name, value in command.given().items() if name not in ("patient_id", *omitted)}
    return {name: value.given() if isinstance(value, View) else value for name, value in given.items()}


def _today() -> date:
    """Return the day on the hospital's clock."""
    return clock.now().astimezone(config.current().hospital_timezone).date()


def correct(session: Session, _actor: Actor, command: CorrectPatient) -> Patient:
    """Correct a patient's demographics at the desk."""
    patient = registry.find(session, command.patient_id, lock=True)
    session.call.expects(patient.revision)
    changes = _columns_of(command)
    if patient.has_account and changes.get("email", patient.email) != patient.email:
        raise ADDRESS_OF_ACCOUNT()
    _check_life(changes.get("birth_date", patient.birth_date), changes.get("deceased_at", patient.deceased_at))
    return _apply(session, patient, changes)


def update_own(session: Session, actor: Actor, command: UpdateMyProfile) -> Patient:
    """Update the patient's own phone number, address and emergency contact."""
    actor.may_act_for(command.patient_id)
    patient = registry.find(session, command.patient_id, lock=True, unknown=NO_SUCH_PATIENT.not_yet)
    session.call.expects(patient.revision)
    return _apply(session, patient, _columns_of(command))


def _check_life(birth_date: date | None, deceased_at: datetime | None) -> None:
    if birth_date is not None:
        rules.check_birth(birth_date, _today())
    if deceased_at is not None:
        rules.check_death(deceased_at, birth_date, clock.now())


def _apply(session: Session, patient: Patient, changes: Mapping[str, Any]) -> Patient:
    """Apply the changes that differ from the row, and publish changed contact data, identity and vital status."""
    contact, identity = patient.contact(), patient.identity()
    differing = {name: value for name, value in changes.items() if getattr(patient, name) != value}
    if not differing:
        return patient
    patient.change({name: value for name, value in differing.items() if name not in NAME_PARTS})
    if differing.keys() & set(NAME_PARTS):
        registry.rename(session, patient, _new_name(patient, changes))
    patient.revision += 1
    if patient.contact() != contact:
        session.publish(PatientUpdated(**patient.contact()))
    if patient.identity() != identity:
        session.publish(PatientIdentityChanged(**patient.identity()))
    if "deceased_at" in differing:
        event = PatientVitalStatusChanged(
            patient_id=patient.id, deceased_at=patient.deceased_at, revision=patient.revision
        )
        session.publish(event)
    return patient


def _new_name(patient: Patient, changes: Mapping[str, Any]) -> Name:
    given_name, family_name = (changes.get(part, getattr(patient, part)) for part in NAME_PARTS)
    if family_name is None:
        raise rules.invalid_field("family_name", "Missing data for required field.")
    return Name(given_name, family_name)
