"""Doctors' weekly hours, and the free slots that they make. Slots are computed, never stored."""

from datetime import date, datetime, timedelta
from itertools import dropwhile, islice
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, union_all

from chassis import clock, config
from chassis.contract import Page
from chassis.database import Session
from chassis.errors import Invalid, NotFound
from chassis.identity import Actor
from services.scheduling import calendars, days, doctors, rules
from services.scheduling.calendars import AWAY, DOCTOR, HOURS, RULE, VALID, VISIT
from services.scheduling.models import ACTIVE, AvailabilityRule
from services.scheduling.rules import Slot

WEEK = timedelta(days=7)

HOURS_OF = (
    select(*RULE)
    .select_from(DOCTOR)
    .outerjoin(HOURS, (HOURS.c.doctor_id == DOCTOR.c.id) & VALID)
    .where(DOCTOR.c.id == bindparam("doctor_id"), DOCTOR.c.is_active)
)


def _between(table: Table, earliest: str) -> Any:
    """The rows of a doctor that overlap a range; `earliest` is so long before it that an index finds them all."""
    return select(table.c.starts_at, table.c.ends_at).where(
        table.c.doctor_id == bindparam("doctor_id"),
        table.c.starts_at < bindparam("end"),
        table.c.starts_at > bindparam(earliest),
        table.c.ends_at > bindparam("start"),
    )


TAKEN = union_all(_between(VISIT, "day_before").where(VISIT.c.status.in_(ACTIVE)), _between(AWAY, "year_before"))


def set_schedule(session: Session, actor: Actor, *, doctor_id: UUID, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Replace the doctor's weekly hours."""
    actor.may_act_for(doctor_id)
    # Of two who replace at once, the second sees what the first has written, and does not only add to it.
    session.lock(calendars.lock_of(doctor_id))
    doctors.must_exist(session, doctor_id)
    session.execute(delete(AvailabilityRule).where(AvailabilityRule.doctor_id == doctor_id))
    if rules:
        session.execute(insert(AvailabilityRule), [{"doctor_id": doctor_id, **rule} for rule in rules])
    return {"rules": rules}


def get_schedule(session: Session, actor: Actor, *, doctor_id: UUID) -> dict[str, Any]:
    """The doctor's weekly hours."""
    doctors.own(session, actor, doctor_id)
    query = select(AvailabilityRule).where(AvailabilityRule.doctor_id == doctor_id)
    return {
        "rules": session.scalars(
            query.order_by(AvailabilityRule.weekday, AvailabilityRule.from_, AvailabilityRule.id)
        ).all()
    }


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
    after = _after(cursor)
    start = min(max(start, after[0]), end)
    found = _rules_of(session, doctor_id, start, end)
    slots = rules.slots_of(found, start, end, config.current().hospital_timezone)
    free = rules.free(slots, _taken(session, doctor_id, start, end))
    window = list(islice(dropwhile(lambda slot: slot[:2] < after, free), limit + 1))
    return Page(window[:limit], _cursor(window[limit]) if len(window) > limit else None)


def _rules_of(session: Session, doctor_id: UUID, start: datetime, end: datetime) -> list[Any]:
    """The hours that count on a day of this range, or on the day before it."""
    zone = config.current().hospital_timezone
    first_day, last_day = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
    values = {"doctor_id": doctor_id, "first_day": first_day, "last_day": last_day}
    rows = session.core.execute(HOURS_OF, values).all()
    if not rows:
        raise NotFound("not_found", "There is no such doctor.")
    return [row for row in rows if row.weekday is not None]


def _taken(session: Session, doctor_id: UUID, start: datetime, end: datetime) -> list[Slot]:
    """What takes the doctor's time: visits, and times off. A slot that begins in the range may end after it."""
    values = {
        "doctor_id": doctor_id,
        "start": start,
        "end": end + rules.LONGEST,
        "day_before": start - timedelta(days=1),
        "year_before": start - rules.LONGEST_TIME_OFF - timedelta(days=1),
    }
    return [Slot(*row) for row in session.core.execute(TAKEN, values)]


def _range(from_: date | datetime | None, to: date | datetime | None) -> tuple[datetime, datetime]:
    start = clock.now() if from_ is None else days.first_of(from_)
    end = start + WEEK if to is None else days.end_of(to)
    if end - start > rules.RANGE + timedelta(hours=1):
        raise Invalid("range_too_long", "Ask for up to 31 days at once.", {"errors": {"to": ["Too far from `from`."]}})
    return max(start, clock.now()), min(end, clock.now() + rules.HORIZON)


def _cursor(slot: Slot) -> str:
    """The cursor of a list of slots is the next one: slots of several lengths may begin at once."""
    return f"{slot.starts_at.isoformat()}/{slot.ends_at.isoformat()}"


def _after(cursor: str | None) -> tuple[datetime, datetime]:
    """Start and end of the slot from which to go on. Invalid: `bad_cursor`."""
    if cursor is None:
        return clock.now(), clock.now()
    first, _slash, second = cursor.replace(" ", "+").partition("/")
    try:
        starts_at, ends_at = datetime.fromisoformat(first), datetime.fromisoformat(second or first)
    except ValueError:
        raise _bad_cursor() from None
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise _bad_cursor()
    return starts_at, ends_at


def _bad_cursor() -> Invalid:
    return Invalid("bad_cursor", "The cursor is not one of ours.", {"errors": {"cursor": ["Not valid."]}})
