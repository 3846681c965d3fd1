"""What a booking asks a doctor's calendar: whether there is such a slot, and whose locks to hold meanwhile."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select

from chassis import clock, config
from chassis.database import Session
from chassis.errors import Conflict, Invalid, NotFound
from services.scheduling import rules
from services.scheduling.models import Appointment, AvailabilityRule, Doctor
from services.scheduling.rules import Slot

VISIT, DOCTOR, HOURS = (cast("Table", model.__table__) for model in (Appointment, Doctor, AvailabilityRule))

_WAITING = select(func.count()).where(VISIT.c.patient_id == bindparam("patient_id"), VISIT.c.status == "requested")
_OF_DAY = (HOURS.c.doctor_id == DOCTOR.c.id) & (HOURS.c.weekday == bindparam("weekday"))
HOURS_OF_DAY = (
    select(_WAITING.scalar_subquery().label("waiting"), HOURS.c.weekday, HOURS.c["from"].label("from_"), HOURS.c.to)
    .add_columns(HOURS.c.slot_minutes)
    .select_from(DOCTOR)
    .outerjoin(HOURS, _OF_DAY)
    .where(DOCTOR.c.id == bindparam("doctor_id"), DOCTOR.c.is_active)
)


def lock_of(person_id: UUID) -> int:
    """The lock that whoever changes what a person's time is taken by holds."""
    return person_id.int & 0x7FFF_FFFF_FFFF_FFFF


def check_time(starts_at: datetime) -> None:
    """Invalid: `not_in_future`, `too_far_ahead`."""
    ahead = starts_at - clock.now()
    if ahead <= timedelta(0):
        raise Invalid("not_in_future", "A visit begins in the future.", {"errors": {"starts_at": ["Is past."]}})
    if ahead > rules.HORIZON:
        raise Invalid(
            "too_far_ahead", "A visit is at most 180 days ahead.", {"errors": {"starts_at": ["Too far ahead."]}}
        )


def slot_to_book(session: Session, *, doctor_id: UUID, patient_id: UUID, starts_at: datetime) -> Slot:
    """The slot of the doctor's hours that begins then, and is not known to be taken, in one statement.

    NotFound: no such doctor. Conflict: `outside_hours`, `too_many_requests`.
    """
    zone = config.current().hospital_timezone
    values = {"doctor_id": doctor_id, "patient_id": patient_id, "weekday": starts_at.astimezone(zone).weekday()}
    rows: Any = session.core.execute(HOURS_OF_DAY, values).all()
    if not rows:
        raise NotFound("not_found", "There is no such doctor.")
    if rows[0].waiting >= rules.OPEN_REQUESTS:
        raise Conflict("too_many_requests", "Five requests of this patient wait for an answer already.")
    slot = rules.slot_at((row for row in rows if row.weekday is not None), starts_at, zone)
    if slot is None:
        raise Conflict("outside_hours", "The doctor has no slot that begins then.")
    return slot
