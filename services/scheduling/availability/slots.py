"""Free slots. They are computed from the weekly hours and never stored."""

from datetime import date, datetime, timedelta
from itertools import dropwhile, islice
from uuid import UUID

from sqlalchemy import Select, Table, bindparam, select, union_all

from chassis import clock, config
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.refusals import bad_cursor
from contracts.scheduling.availability import (
    RANGE_TOO_LONG,
    ListSlots,
    SlotPage,
)
from records import cursors
from services.scheduling import listings, rules
from services.scheduling.directory import doctors
from services.scheduling.models.appointments import ACTIVE, VISIT
from services.scheduling.models.availability import AWAY, HOURS, RULE, VALID
from services.scheduling.models.directory import DOCTOR
from services.scheduling.rules import Slot, WeeklyHours

WEEK = timedelta(days=7)


HOURS_OF = (
    select(*RULE)
    .select_from(DOCTOR)
    .outerjoin(HOURS, (HOURS.c.doctor_id == DOCTOR.c.id) & VALID)
    .where(DOCTOR.c.id == bindparam("doctor_id"), DOCTOR.c.is_active)
)


def _between(table: Table, earliest: str, person: str = "doctor_id") -> Select[datetime, datetime]:
    """Return the rows of a doctor that overlap a range. `earliest` bounds the index scan."""
    return select(table.c.starts_at, table.c.ends_at).where(
        table.c[person] == bindparam("doctor_id"),
        table.c.starts_at < bindparam("end"),
        table.c.starts_at > bindparam(earliest),
        table.c.ends_at > bindparam("start"),
    )


TAKEN = union_all(
    _between(VISIT, "day_before").where(VISIT.c.status.in_(ACTIVE)),
    _between(VISIT, "day_before", "patient_id").where(VISIT.c.status.in_(ACTIVE)),
    _between(AWAY, "year_before"),
)
"""Taken times: appointments as the doctor, also overbooked ones, appointments as a patient, and times off."""


def listing(session: Session, actor: Actor, query: ListSlots) -> Page:
    """List free slots, earliest first, for up to 31 days, in two statements for any range."""
    start, end = _range(query.from_, query.to)
    after = _after(query.cursor)
    start = min(max(start, after[0]), end)
    found = _rules_of(session, actor, query.doctor_id, start, end)
    slots = rules.slots_of(found, start, end, config.current().hospital_timezone)
    free = rules.free(slots, _taken(session, query.doctor_id, start, end))
    window = list(islice(dropwhile(lambda slot: slot[:2] < after, free), query.limit + 1))
    following = cursors.encoded(*window[query.limit][:2]) if len(window) > query.limit else None
    return SlotPage(window[: query.limit], following, timezone=config.current().hospital_timezone.key)


def _rules_of(session: Session, actor: Actor, doctor_id: UUID, start: datetime, end: datetime) -> list[WeeklyHours]:
    """Return the hours that are valid on a day of the range, or on the day before it."""
    zone = config.current().hospital_timezone
    first_day, last_day = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
    values = {"doctor_id": doctor_id, "first_day": first_day, "last_day": last_day}
    rows = session.rows(HOURS_OF, values)
    if not rows:
        raise doctors.missing(actor, doctor_id)
    return [row for row in rows if row.weekday is not None]


def _taken(session: Session, doctor_id: UUID, start: datetime, end: datetime) -> list[Slot]:
    """Return the taken times of the doctor: appointments and times off. A slot of the range may end after the range."""
    values = {
        "doctor_id": doctor_id,
        "start": start,
        "end": end + rules.LONGEST,
        "day_before": start - timedelta(days=1),
        "year_before": start - rules.LONGEST_TIME_OFF - timedelta(days=1),
    }
    return [Slot(*row) for row in session.rows(TAKEN, values)]


def _range(from_: date | datetime | None, to: date | datetime | None) -> tuple[datetime, datetime]:
    listings.span(from_, to)
    start = clock.now() if from_ is None else listings.first_of(from_)
    end = start + WEEK if to is None else listings.end_of(to)
    if end - start > rules.RANGE + timedelta(hours=1):
        raise RANGE_TOO_LONG(errors={"to": ["Too far from `from`."]})
    return max(start, clock.now()), min(end, clock.now() + rules.HORIZON)


def _after(cursor: str | None) -> tuple[datetime, datetime]:
    """Return start and end of the slot at which to continue. Slots of several lengths may begin at once."""
    if cursor is None:
        return clock.now(), clock.now()
    try:
        starts_at, ends_at = cursors.decoded(cursor, (datetime, datetime))
    except ValueError:
        raise bad_cursor() from None
    return starts_at, ends_at
