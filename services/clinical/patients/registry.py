"""The registry: patient rows with their record numbers and search words."""

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy import delete, insert, select

from chassis.errors import NotFound
from chassis.persistence.database import Session
from chassis.persistence.upserts import upsert
from contracts.clinical.patients import Sex
from contracts.refusals import NO_SUCH_PATIENT
from services.clinical.models.patients import Patient, PatientWord, RecordNumber
from services.clinical.patients import rules
from services.clinical.patients.rules import Name

FORMER_PATIENT = "former patient"
"""Shown instead of the name of an erased patient."""


def find(
    session: Session, patient_id: UUID, *, lock: bool = False, unknown: Callable[[], NotFound] = NO_SUCH_PATIENT
) -> Patient:
    """Return the patient. Raises `unknown` for an unknown id, and NotFound for an erased patient."""
    patient = session.get(Patient, patient_id, with_for_update=lock or None)
    if patient is None or patient.erased_at is not None:
        raise unknown() if patient is None else NO_SUCH_PATIENT()
    return patient


def blank(session: Session, patient_id: UUID) -> Patient:
    """Return a new patient without facts, with a record number that no other patient ever gets."""
    counted = insert(RecordNumber).values(patient_id=patient_id).returning(RecordNumber.number)
    mrn = rules.mrn(session.execute(counted).scalar_one())
    return Patient(id=patient_id, mrn=mrn, name="", name_key="", sex=Sex.UNKNOWN, revision=1, changed_by=0)


def lock_or_create(session: Session, patient_id: UUID) -> Patient:
    """Lock the patient's row. Events arrive in any order, so an unknown patient gets a blank row."""
    patient = session.get(Patient, patient_id, with_for_update=True)
    if patient is None:
        facts = vars(blank(session, patient_id))
        values = {name: value for name, value in facts.items() if not name.startswith("_")}
        upsert(session, Patient, values, "id")
        patient = session.get_one(Patient, patient_id, with_for_update=True)
    return patient


def rename(session: Session, patient: Patient, name: Name) -> None:
    """Set the patient's name, and replace the search words."""
    has_words = bool(patient.name)
    patient.name, patient.name_key = name.text, rules.name_key(name.text)
    patient.given_name, patient.family_name = name.given_name, name.family_name
    session.flush()
    if has_words:
        drop_words(session, patient.id)
    words = [{"patient_id": patient.id, "word": word} for word in sorted(rules.words_of(name.text))]
    if words:  # An old account may have a blank name.
        session.execute(insert(PatientWord), words)


def drop_words(session: Session, patient_id: UUID) -> None:
    """Delete the search words of a patient."""
    session.execute(delete(PatientWord).where(PatientWord.patient_id == patient_id))


def names_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of patients, in one statement. An erased patient is a "former patient"."""
    known = set(ids)
    query = select(Patient.id, Patient.name, Patient.erased_at).where(Patient.id.in_(known))
    found = session.execute(query) if known else ()
    return {row.id: FORMER_PATIENT if row.erased_at else row.name for row in found}
