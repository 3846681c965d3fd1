"""Doctors' weekly hours, and the free slots that they make. Slots are computed, never stored."""

from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select

from chassis import clock, config
from chassis.contract import Page
from chassis.database import Session
from chassis.errors import Invalid, NotFound
from chassis.identity import Actor
from services.scheduling import doctors, rules
from services.scheduling.models import ACTIVE, Appointment, AvailabilityRule, Doctor
from services.scheduling.rules import Slot

WEEK = timedelta(days=7)

VISIT, DOCTOR, HOURS = (cast("Table", model.__table__) for model in (Appointment, Doctor, AvailabilityRule))
HOURS_OF = (
    select(HOURS.c.weekday, HOURS.c["from"].label("from_"), HOURS.c.to, HOURS.c.slot_minutes)
    .select_from(DOCTOR)
    .outerjoin(HOURS, HOURS.c.doctor_id == DOCTOR.c.id)
    .where(DOCTOR.c.id == bindparam("doctor_id"), DOCTOR.c.is_active)
)
TAKEN = select(VISIT.c.starts_at, VISIT.c.ends_at).where(
    VISIT.c.doctor_id == bindparam("doctor_id"),
    VISIT.c.status.in_(ACTIVE),
    VISIT.c.starts_at < bindparam("end"),
    VISIT.c.starts_at > bindparam("day_before"),
    VISIT.c.ends_at > bindparam("start"),
)


def set_schedule(session: Session, actor: Actor, *, doctor_id: UUID, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Replace the doctor's weekly hours."""
    doctors.own(session, actor, doctor_id)
    session.execute(delete(AvailabilityRule).where(AvailabilityRule.doctor_id == doctor_id))
    if rules:
        session.execute(insert(AvailabilityRule), [{"doctor_id": doctor_id, **rule} for rule in rules])
    return {"rules": rules}


def get_schedule(session: Session, actor: Actor, *, doctor_id: UUID) -> dict[str, Any]:
    """The doctor's weekly hours."""
    doctors.own(session, actor, doctor_id)
    query = select(AvailabilityRule).where(AvailabilityRule.doctor_id == doctor_id)
    return {"rules": session.scalars(query.order_by(AvailabilityRule.weekday, AvailabilityRule.from_)).all()}


def listing(
    session: Session,
    _actor: Actor,
    *,
    doctor_id: UUID,
    from_: date | datetime | None,
    to: date | datetime | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """Free slots that may be booked, earliest first, for up to 31 days, in two statements whatever the range.

    NotFound: no such doctor. Invalid: `range_too_long`, `bad_cursor`.
    """
    start, end = _range(from_, to)
    start = min(max(start, _after(cursor)), end)
    found = _rules_of(session, doctor_id)
    taken = _taken(session, doctor_id, start, end)
    slots = rules.slots_of(found, start, end, config.current().hospital_timezone)
    window = [slot for _number, slot in zip(range(limit + 1), rules.free(slots, taken), strict=False)]
    return Page(window[:limit], window[limit].starts_at.isoformat() if len(window) > limit else None)


def _rules_of(session: Session, doctor_id: UUID) -> list[Any]:
    rows = session.core.execute(HOURS_OF, {"doctor_id": doctor_id}).all()
    if not rows:
        raise NotFound("not_found", "There is no such doctor.")
    return [row for row in rows if row.weekday is not None]


def _taken(session: Session, doctor_id: UUID, start: datetime, end: datetime) -> list[Slot]:
    values = {"doctor_id": doctor_id, "start": start, "end": end, "day_before": start - timedelta(days=1)}
    return [Slot(*row) for row in session.core.execute(TAKEN, values)]


def _range(from_: date | datetime | None, to: date | datetime | None) -> tuple[datetime, datetime]:
    start = clock.now() if from_ is None else _moment(from_)
    end = start + WEEK if to is None else _moment(to, whole_day=True)
    if end - start > rules.RANGE + timedelta(hours=1):
        raise Invalid("range_too_long", "Ask for up to 31 days at once.", {"errors": {"to": ["Too far from `from`."]}})
    return max(start, clock.now()), min(end, clock.now() + rules.HORIZON)


def _moment(value: date | datetime, *, whole_day: bool = False) -> datetime:
    """A moment as it is; a day from its first moment, or to its last."""
    if isinstance(value, datetime):
        return value
    day = value + timedelta(days=1) if whole_day else value
    return datetime.combine(day, time(), config.current().hospital_timezone)


def _after(cursor: str | None) -> datetime:
    """The cursor of a list of slots is the start of the next one."""
    if cursor is None:
        return clock.now()
    try:
        moment = datetime.fromisoformat(cursor.replace(" ", "+"))
        return moment.astimezone(tz=moment.tzinfo)
    except ValueError:
        raise Invalid("bad_cursor", "The cursor is not one of ours.", {"errors": {"cursor": ["Not valid."]}}) from None
