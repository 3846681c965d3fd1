"""What a booking asks a doctor's calendar: whether there is such a slot, and whose locks to hold meanwhile."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, and_, bindparam, func, or_, select

from chassis import clock, config
from chassis.database import Session
from chassis.errors import Conflict, Invalid, NotFound
from services.scheduling import rules
from services.scheduling.models import Appointment, AvailabilityRule, Doctor, TimeOff
from services.scheduling.rules import Slot

VISIT, DOCTOR, HOURS, AWAY = (
    cast("Table", model.__table__) for model in (Appointment, Doctor, AvailabilityRule, TimeOff)
)
RULE = [column.label(column.key) for column in HOURS.c if column.key not in ("id", "doctor_id", "from")]
RULE.append(HOURS.c["from"].label("from_"))
VALID = and_(
    or_(HOURS.c.valid_from.is_(None), HOURS.c.valid_from <= bindparam("last_day")),
    or_(HOURS.c.valid_to.is_(None), HOURS.c.valid_to >= bindparam("first_day")),
)
"""Those of a doctor's hours that count on one of these days."""

_WAITING = select(func.count()).where(VISIT.c.patient_id == bindparam("patient_id"), VISIT.c.status == "requested")
_AWAY = select(func.min(AWAY.c.starts_at)).where(
    AWAY.c.doctor_id == DOCTOR.c.id,
    AWAY.c.starts_at > bindparam("year_before", type_=AWAY.c.starts_at.type),
    AWAY.c.starts_at < bindparam("latest_end", type_=AWAY.c.starts_at.type),
    AWAY.c.ends_at > bindparam("starts_at", type_=AWAY.c.starts_at.type),
)
_LAST_NIGHT = (HOURS.c.weekday == bindparam("yesterday")) & (HOURS.c.to <= HOURS.c["from"])
_OF_DAYS = (HOURS.c.doctor_id == DOCTOR.c.id) & ((HOURS.c.weekday == bindparam("weekday")) | _LAST_NIGHT)
HOURS_AT = (
    select(_AWAY.correlate(DOCTOR).scalar_subquery().label("away_at"), *RULE)
    .select_from(DOCTOR)
    .outerjoin(HOURS, _OF_DAYS & VALID)
    .where(DOCTOR.c.id == bindparam("doctor_id"), DOCTOR.c.is_active)
)
HOURS_AT_AND_WAITING = HOURS_AT.add_columns(_WAITING.scalar_subquery().label("waiting"))


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
    """The slot of the doctor's hours that begins then, for a patient who may ask for one more, in one statement.

    It is not known to be taken: the database tells. NotFound: no such doctor. Conflict: `outside_hours` (or the doctor
    is away), `too_many_requests`.
    """
    values = {**_moment(starts_at), "doctor_id": doctor_id, "patient_id": patient_id}
    rows = _found(session.core.execute(HOURS_AT_AND_WAITING, values).all())
    if rows[0].waiting >= rules.OPEN_REQUESTS:
        raise Conflict("too_many_requests", "Five requests of this patient wait for an answer already.")
    return _slot_among(rows, starts_at)


def slot_of(session: Session, *, doctor_id: UUID, starts_at: datetime) -> Slot:
    """The slot of the doctor's hours that begins then, whoever it is for, in one statement.

    It is not known to be taken: the database tells. NotFound: no such doctor. Conflict: `outside_hours` (or the doctor
    is away).
    """
    rows = _found(session.core.execute(HOURS_AT, {**_moment(starts_at), "doctor_id": doctor_id}).all())
    return _slot_among(rows, starts_at)


def check_present(session: Session, *, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    """For a visit that is no slot, of up to eight hours: the doctor is not away then.

    NotFound: no such doctor. Conflict: `outside_hours`.
    """
    rows = _found(session.core.execute(HOURS_AT, {**_moment(starts_at), "doctor_id": doctor_id}).all())
    _check_present(rows, ends_at)


def _moment(starts_at: datetime) -> dict[str, Any]:
    """What the statements are told of a moment: its day of the hospital and the day before, and what is near it."""
    day = starts_at.astimezone(config.current().hospital_timezone).date()
    return {
        "starts_at": starts_at,
        "latest_end": starts_at + rules.LONGEST,
        "year_before": starts_at - rules.LONGEST_TIME_OFF - timedelta(days=1),
        "weekday": day.weekday(),
        "yesterday": (day.weekday() - 1) % 7,
        "first_day": day - timedelta(days=1),
        "last_day": day,
    }


def _found(rows: Any) -> Any:
    if not rows:
        raise NotFound("not_found", "There is no such doctor.")
    return rows


def _slot_among(rows: Any, starts_at: datetime) -> Slot:
    zone = config.current().hospital_timezone
    slot = rules.slot_at((row for row in rows if row.weekday is not None), starts_at, zone)
    if slot is None:
        raise Conflict("outside_hours", "The doctor has no slot that begins then.")
    _check_present(rows, slot.ends_at)
    return slot


def _check_present(rows: Any, ends_at: datetime) -> None:
    if rows[0].away_at is not None and rows[0].away_at < ends_at:
        raise Conflict("outside_hours", "The doctor is away then.")
