"""Patients who have died: clinical says so, and that it was recorded by mistake."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.patients import PatientVitalStatusChanged
from services.scheduling.appointments import handover
from services.scheduling.directory import patients


def note(session: Session, actor: Actor, event: PatientVitalStatusChanged) -> None:
    """Copy whether a patient has died, and cancel the visits that they do not keep any more.

    Visits that were cancelled stay so when the death was recorded by mistake.
    """
    is_deceased = event.deceased_at is not None
    if patients.note_death(session, event.patient_id, is_deceased=is_deceased, revision=event.revision) and is_deceased:
        handover.call_off_of_deceased(session, actor, patient_id=event.patient_id)
