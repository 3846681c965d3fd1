"""What a booking asks a doctor's calendar: whether there is such a slot, and whose locks to hold meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    bindparam,
    func,
    literal_column,
    select,
)

from chassis import clock, config
from chassis.errors import NotFound, NotYet
from chassis.persistence.database import Session
from contracts.refusals import NO_SUCH_PATIENT
from contracts.scheduling.appointments.commands import TOO_MANY_REQUESTS
from contracts.scheduling.appointments.views import AppointmentStatus
from contracts.scheduling.refusals import (
    NO_SUCH_DOCTOR,
    NOT_IN_FUTURE,
    OUTSIDE_HOURS,
    PATIENT_BUSY,
    PATIENT_DECEASED,
    SLOT_TAKEN,
    TOO_FAR_AHEAD,
)
from services.scheduling import rules
from services.scheduling.appointments.conflicts import Wish, named
from services.scheduling.models.appointments import ACTIVE, VISIT
from services.scheduling.models.availability import AWAY, HOURS, RULE, VALID
from services.scheduling.models.directory import DOCTOR, PATIENT
from services.scheduling.rules import Slot

OVERBOOKED = timedelta(minutes=15)
"""What an overbooked visit takes when nobody says how long, and the doctor has no slot then."""


NOBODY = UUID(int=0)


_ELSEWHERE, _AT_WORK, _OVERBOOKED = (VISIT.alias(name) for name in ("elsewhere", "at_work", "overbooked"))


_OVER: list[ColumnElement[str]] = [
    literal_column(f"'{status}'") for status in AppointmentStatus if status not in ACTIVE
]
"""Not those in the other states: the planner would then take the constraints' indexes, which find a person slowly."""


def _first(visit: FromClause, *whose: ColumnElement[bool]) -> ScalarSelect[datetime]:
    """When the first of these visits begins that are not over at a moment, and begin in the eight hours after it."""
    one = visit.c
    moment = {name: bindparam(name, type_=one.starts_at.type) for name in ("starts_at", "latest_end", "earliest")}
    begins = one.starts_at < moment["latest_end"], one.starts_at > moment["earliest"]
    query = select(func.min(one.starts_at)).where(*whose, one.status.not_in(_OVER), *begins)
    return query.where(one.ends_at > moment["starts_at"]).scalar_subquery()


_WAITING = select(func.count()).where(
    VISIT.c.patient_id == bindparam("patient_id"), VISIT.c.status == "requested", ~VISIT.c.first_call
)


_OF_PATIENT = PATIENT.c.id == bindparam("patient_id")


_ERASED = select(PATIENT.c.is_erased).where(_OF_PATIENT)


_DECEASED = select(PATIENT.c.is_deceased).where(_OF_PATIENT)


_AWAY = select(func.min(AWAY.c.starts_at)).where(
    AWAY.c.doctor_id == DOCTOR.c.id,
    AWAY.c.starts_at > bindparam("year_before", type_=AWAY.c.starts_at.type),
    AWAY.c.starts_at < bindparam("latest_end", type_=AWAY.c.starts_at.type),
    AWAY.c.ends_at > bindparam("starts_at", type_=AWAY.c.starts_at.type),
)


_LAST_NIGHT = (HOURS.c.weekday == bindparam("yesterday")) & (HOURS.c.to <= HOURS.c["from"])


_OF_DAYS = (HOURS.c.doctor_id == DOCTOR.c.id) & ((HOURS.c.weekday == bindparam("weekday")) | _LAST_NIGHT)


BUSY = (
    _AWAY.correlate(DOCTOR).scalar_subquery().label("away_at"),
    _first(_ELSEWHERE, _ELSEWHERE.c.patient_id == bindparam("doctor_id")).label("elsewhere_at"),
    _first(_AT_WORK, _AT_WORK.c.doctor_id == bindparam("patient_id")).label("at_work_at"),
    _first(
        _OVERBOOKED,
        _OVERBOOKED.c.doctor_id == bindparam("doctor_id"),
        _OVERBOOKED.c.overbooked,
        _OVERBOOKED.c.id != bindparam("moved"),
    ).label("overbooked_at"),
)
"""Since when the doctor is away; is somebody's patient; the patient is somebody's doctor; or the doctor is overbooked:
what the database's constraints do not see."""


HOURS_AT = (
    select(*BUSY, *RULE)
    .select_from(DOCTOR)
    .outerjoin(HOURS, _OF_DAYS & VALID)
    .where(DOCTOR.c.id == bindparam("doctor_id"), DOCTOR.c.is_active)
)


HOURS_AT_AND_WAITING = HOURS_AT.add_columns(
    _WAITING.scalar_subquery().label("waiting"),
    _ERASED.scalar_subquery().label("is_erased"),
    _DECEASED.scalar_subquery().label("is_deceased"),
)


def check_time(starts_at: datetime) -> None:
    """Refuse a time that is past, or over 180 days ahead."""
    ahead = starts_at - clock.now()
    if ahead <= timedelta(0):
        raise NOT_IN_FUTURE(errors={"starts_at": ["Is past."]})
    if ahead > rules.HORIZON:
        raise TOO_FAR_AHEAD(errors={"starts_at": ["Too far ahead."]})


def slot_asked(session: Session, wish: Wish) -> Slot:
    """The slot of the doctor's hours that begins then, for a patient who may ask for one more, in one statement.

    Another visit of the doctor or the patient that is not overbooked is not seen: the database tells.
    """
    rows = session.rows(HOURS_AT_AND_WAITING, _asked(wish))
    if not rows:  # They choose from the directory, which is made of what is known here: none is an event away.
        raise NO_SUCH_DOCTOR()
    if rows[0].is_erased:
        raise NO_SUCH_PATIENT()
    if rows[0].is_deceased:
        raise PATIENT_DECEASED()
    if rows[0].waiting >= rules.OPEN_REQUESTS:
        raise TOO_MANY_REQUESTS()
    return _slot_among(session, wish, rows)


def slot_given(session: Session, wish: Wish, minutes: int | None = None) -> Slot:
    """The slot that begins then, whoever gives it; to overbook it, so many minutes, whether there is a slot or not."""
    rows = _rows(session, wish)
    if not wish.overbooked:
        return _slot_among(session, wish, rows)
    begins = wish.starts_at.astimezone(UTC)
    slot = _slot_at(rows, begins) or Slot(begins, begins + OVERBOOKED, None)
    slot = slot if minutes is None else slot._replace(ends_at=begins + timedelta(minutes=minutes))
    _check_free(session, wish, rows, slot.ends_at)
    return slot


def check_free(session: Session, wish: Wish, ends_at: datetime) -> None:
    """For a visit that is no slot, of up to eight hours: the doctor is there, and nobody is in two places."""
    _check_free(session, wish, _rows(session, wish), ends_at)


def _asked(wish: Wish) -> dict[str, Any]:
    """What the statements are told of a wish: its day of the hospital and the day before, and what is near it."""
    starts_at = wish.starts_at
    day = starts_at.astimezone(config.current().hospital_timezone).date()
    return {
        "doctor_id": wish.doctor_id,
        "patient_id": wish.patient_id,
        "moved": wish.moved or NOBODY,
        "starts_at": starts_at,
        "earliest": starts_at - rules.LONGEST,
        "latest_end": starts_at + rules.LONGEST,
        "year_before": starts_at - rules.LONGEST_TIME_OFF - timedelta(days=1),
        "weekday": day.weekday(),
        "yesterday": (day.weekday() - 1) % 7,
        "first_day": day - timedelta(days=1),
        "last_day": day,
    }


def _rows(session: Session, wish: Wish) -> Any:
    """The doctor's hours of that day."""
    rows = session.rows(HOURS_AT, _asked(wish))
    if not rows:
        raise (NotYet if wish.told in (None, wish.doctor_id) else NotFound)("not_found", "There is no such doctor.")
    return rows


def _slot_at(rows: Any, starts_at: datetime) -> Slot | None:
    zone = config.current().hospital_timezone
    return rules.slot_at((row for row in rows if row.weekday is not None), starts_at, zone)


def _slot_among(session: Session, wish: Wish, rows: Any) -> Slot:
    slot = _slot_at(rows, wish.starts_at)
    if slot is None:
        raise OUTSIDE_HOURS()
    _check_free(session, wish, rows, slot.ends_at)
    return slot


def _check_free(session: Session, wish: Wish, rows: Any, ends_at: datetime) -> None:
    busy = rows[0]
    if _begins_before(ends_at, busy.away_at):
        raise OUTSIDE_HOURS("The doctor is away then.")
    overbooked_at = None if wish.overbooked else busy.overbooked_at
    if _begins_before(ends_at, busy.elsewhere_at) or _begins_before(ends_at, overbooked_at):
        raise named(session, wish, ends_at, SLOT_TAKEN)
    if _begins_before(ends_at, busy.at_work_at):
        raise named(session, wish, ends_at, PATIENT_BUSY)


def _begins_before(ends_at: datetime, begins: datetime | None) -> bool:
    return begins is not None and begins < ends_at
