"""Conflicts between appointments. The conflicting appointment is named only to callers who may see it."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select

from chassis.errors import Conflict
from chassis.persistence.database import Session, refusing
from chassis.refusals import Refusal
from contracts.scheduling.appointments.commands import OWN_PATIENT
from contracts.scheduling.refusals import NO_SUCH_DOCTOR, PATIENT_BUSY, SLOT_TAKEN
from services.scheduling.models.appointments import ACTIVE, VISIT
from services.scheduling.models.directory import Doctor

OVERLAPS = {"no_doctor_overlap": SLOT_TAKEN, "no_patient_overlap": PATIENT_BUSY}
"""Constraints of the database and their refusals."""
DAY = timedelta(days=1)
"""No appointment is longer, so this bounds the index scan."""


class SlotRequest(NamedTuple):
    """A requested time: of which doctor and patient, from when on, for which caller."""

    doctor_id: UUID
    patient_id: UUID
    starts_at: datetime
    visible_to: UUID | None = None
    """The person whose conflicts may be named; None, the desk, may see all."""
    moved: UUID | None = None
    """The appointment to move, which does not conflict with itself."""
    overbooked: bool = False


def visible_to(part: str, person_id: UUID) -> UUID | None:
    """Return whose conflicts the caller may see: None, all of them, for the desk."""
    return None if part == "desk" else person_id


def check_not_own(session: Session, doctor_id: UUID, patient_id: UUID) -> None:
    """Refuse an appointment of a doctor with themselves."""
    if doctor_id == patient_id:
        if session.scalar(select(Doctor.id).where(Doctor.id == doctor_id, Doctor.is_active)) is None:
            raise NO_SUCH_DOCTOR()
        raise OWN_PATIENT()


def refusing_conflicts(session: Session, request: SlotRequest, ends_at: datetime) -> AbstractContextManager[None]:
    """Flush at the end, and refuse a conflict with the id of the committed conflicting appointment."""
    return refusing(session, OVERLAPS, after_rollback=lambda refusal: with_conflict(session, request, ends_at, refusal))


def with_conflict(session: Session, request: SlotRequest, ends_at: datetime, refusal: Refusal[Conflict]) -> Conflict:
    """Return the refusal with `appointment_id`, the first conflicting appointment that the caller may see."""
    found = session.one(_in_the_way(request, ends_at, refusal))
    return refusal() if found is None else refusal(appointment_id=str(found.id))


def _in_the_way(request: SlotRequest, ends_at: datetime, refusal: Refusal[Conflict]) -> Select[tuple[UUID]]:
    one, person = VISIT.c, request.doctor_id if refusal is SLOT_TAKEN else request.patient_id
    whose = [one.patient_id == person]
    if refusal is not SLOT_TAKEN or not request.overbooked:
        whose.append(one.doctor_id == person)
    seen = (
        []
        if request.visible_to is None
        else [or_(one.patient_id == request.visible_to, one.doctor_id == request.visible_to)]
    )
    seen += [] if request.moved is None else [one.id != request.moved]
    when = one.starts_at < ends_at, one.ends_at > request.starts_at, one.starts_at > request.starts_at - DAY
    query = select(one.id).where(or_(*whose), one.status.in_(ACTIVE), *when, *seen)
    return query.order_by(one.starts_at, one.id).limit(1)
