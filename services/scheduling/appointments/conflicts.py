"""Visits that stand in each other's way: nobody is in two places, and only some are told which visit it is."""

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
"""What the database's constraints mean."""
DAY = timedelta(days=1)
"""No visit is longer, so what is begun earlier is over: it keeps the look-up within an index."""


class Wish(NamedTuple):
    """Whose time a visit is to take from when on, and who asks for it."""

    doctor_id: UUID
    patient_id: UUID
    starts_at: datetime
    told: UUID | None = None
    """Who is told which visit is in the way, of their own alone; None is the desk, which is told of any."""
    moved: UUID | None = None
    """The visit that is to be moved: it is not in its own way."""
    overbooked: bool = False


def told(part: str, person_id: UUID) -> UUID | None:
    """Who is told which visits are in the way of somebody who has this part."""
    return None if part == "desk" else person_id


def check_not_own(session: Session, doctor_id: UUID, patient_id: UUID) -> None:
    """One that is not asks nothing."""
    if doctor_id == patient_id:
        if session.scalar(select(Doctor.id).where(Doctor.id == doctor_id, Doctor.is_active)) is None:
            raise NO_SUCH_DOCTOR()
        raise OWN_PATIENT()


def settling(session: Session, wish: Wish, ends_at: datetime) -> AbstractContextManager[None]:
    """Flush at the end, and refuse a conflict with the visit that is in the way, which is committed."""
    return refusing(session, OVERLAPS, after_rollback=lambda refusal: named(session, wish, ends_at, refusal))


def named(session: Session, wish: Wish, ends_at: datetime, refusal: Refusal[Conflict]) -> Conflict:
    """The refusal with `appointment_id`, the first visit that is in the way of this one, for whoever may see it."""
    found = session.one(_in_the_way(wish, ends_at, refusal))
    return refusal() if found is None else refusal(appointment_id=str(found.id))


def _in_the_way(wish: Wish, ends_at: datetime, refusal: Refusal[Conflict]) -> Select[tuple[UUID]]:
    one, person = VISIT.c, wish.doctor_id if refusal is SLOT_TAKEN else wish.patient_id
    whose = [one.patient_id == person]
    if refusal is not SLOT_TAKEN or not wish.overbooked:
        whose.append(one.doctor_id == person)
    seen = [] if wish.told is None else [or_(one.patient_id == wish.told, one.doctor_id == wish.told)]
    seen += [] if wish.moved is None else [one.id != wish.moved]
    when = one.starts_at < ends_at, one.ends_at > wish.starts_at, one.starts_at > wish.starts_at - DAY
    query = select(one.id).where(or_(*whose), one.status.in_(ACTIVE), *when, *seen)
    return query.order_by(one.starts_at, one.id).limit(1)
