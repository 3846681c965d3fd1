"""Patients who have died: clinical says so, and that it was recorded by mistake."""

from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.identity import Actor
from services.scheduling import leaving, patients


def note(session: Session, actor: Actor, *, patient_id: UUID, deceased_at: datetime | None, revision: int) -> None:
    """Copy whether a patient has died, and cancel the visits that they do not keep any more.

    Visits that were cancelled stay so when the death was recorded by mistake.
    """
    is_deceased = deceased_at is not None
    if patients.note_death(session, patient_id, is_deceased=is_deceased, revision=revision) and is_deceased:
        leaving.call_off_of_deceased(session, actor, patient_id=patient_id)
