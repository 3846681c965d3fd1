"""Patients who have died: nobody reads what they would be told of visits and prescriptions."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.notify.notifications import SUBJECT_OF
from services.notify.models.directory import DeceasedPatient

FOR_THE_LIVING = ("appointment", "prescription")
"""Types of records of which a patient who has died is told nothing. Of invoices the heirs read."""


def note(session: Session, _actor: Actor, event: PatientVitalStatusChanged) -> None:
    """Copy whether a patient has died, unless what is known is newer."""
    facts = {"is_deceased": event.deceased_at is not None, "revision": event.revision}
    keep(session, DeceasedPatient, "patient_id", "revision", patient_id=event.patient_id, **facts)


def untold(session: Session, kind: str, people: Collection[str], facts: Mapping[str, Any]) -> set[UUID]:
    """The patient, if they have died and this kind is only for the living."""
    if "patient_id" not in people or SUBJECT_OF[kind] not in FOR_THE_LIVING:
        return set()
    if facts.get("tell_patient") is False:
        return {facts["patient_id"]}
    died = DeceasedPatient.patient_id == facts["patient_id"], DeceasedPatient.is_deceased
    return set(session.scalars(select(DeceasedPatient.patient_id).where(*died)))
