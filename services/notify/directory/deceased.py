"""Deceased patients, who get no notifications about appointments, charts and laboratory results."""

from uuid import UUID

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.notify.notifications import SUBJECT_OF, NotificationKind, NotificationSubject
from services.notify.models.directory import DeceasedPatient

SILENCED = frozenset(
    {
        NotificationSubject.APPOINTMENT,
        NotificationSubject.RECORD,
        NotificationSubject.PRESCRIPTION,
        NotificationSubject.LAB_ORDER,
        NotificationSubject.LAB_RESULT,
        NotificationSubject.REFILL,
        NotificationSubject.DISPENSE,
    }
)
"""Subjects without notifications after death. Heirs still read about invoices and payments."""


def on_patient_vital_status_changed(session: Session, _actor: Actor, event: PatientVitalStatusChanged) -> None:
    """Copy whether a patient has died, unless the copy is newer."""
    facts = {"is_deceased": event.deceased_at is not None, "revision": event.revision}
    keep(session, DeceasedPatient, "patient_id", "revision", patient_id=event.patient_id, **facts)


def is_silenced(session: Session, patient_id: UUID, kind: NotificationKind) -> bool:
    """Return whether the patient has died and gets no notification of this kind."""
    if SUBJECT_OF[kind] not in SILENCED:
        return False
    died = select(DeceasedPatient.patient_id).where(DeceasedPatient.patient_id == patient_id)
    return session.scalar(died.where(DeceasedPatient.is_deceased)) is not None
