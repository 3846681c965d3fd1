"""Notify doctors and nurses of a patient who deteriorates."""

from uuid import UUID

from sqlalchemy import exists, select

from chassis import clock
from chassis.persistence.database import Session
from contracts.clinical.vitals import News2Level, PatientDeteriorating
from contracts.roles import Role
from services.clinical.care import treatments
from services.clinical.directory import shifts, staff
from services.clinical.models.vitals import Vitals
from services.clinical.vitals import rules
from services.clinical.vitals.queries import is_valid


def announce(session: Session, reading: Vitals) -> None:
    """Publish that the patient deteriorates, if this is the latest reading and its level calls for a response.

    A reading that is entered late does not describe a patient whose later reading is known. An outdated reading is not
    published either: the list of due observations shows that the patient waits for the next one.
    """
    if reading.level is None or reading.next_due_at is None or not rules.calls_for_response(reading.level):
        return
    if rules.is_outdated(reading.measured_at, clock.now()) or _has_later(session, reading):
        return
    event = PatientDeteriorating(
        vitals_id=reading.id,
        patient_id=reading.patient_id,
        measured_at=reading.measured_at,
        level=News2Level(reading.level),
        score=reading.score,
        next_due_at=reading.next_due_at,
        recipient_ids=recipients(session, reading.patient_id),
    )
    session.publish(event)


def _has_later(session: Session, reading: Vitals) -> bool:
    later = exists().where(
        Vitals.patient_id == reading.patient_id,
        is_valid(Vitals),
        Vitals.level.is_not(None),
        Vitals.measured_at > reading.measured_at,
    )
    return bool(session.scalar(select(later)))


def recipients(session: Session, patient_id: UUID) -> list[UUID]:
    """Return the treating doctors and the nurses on shift; all nurses, if none is on shift."""
    nurses = shifts.nurses_on_shift(session) or staff.with_role(session, Role.NURSE)
    return sorted({*treatments.doctors_of(session, patient_id), *nurses})
