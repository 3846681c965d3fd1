"""Whether a doctor's calendar has an opening for an appointment."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
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
from services.scheduling.appointments.conflicts import SlotRequest, with_conflict
from services.scheduling.models.appointments import ACTIVE, VISIT
from services.scheduling.models.availability import AWAY, HOURS, RULE, VALID
from services.scheduling.models.directory import DOCTOR, PATIENT
from services.scheduling.rules import Slot, WeeklyHours

OVERBOOKED = timedelta(minutes=15)
"""The length of an overbooked appointment without a slot and without `minutes`."""


NOBODY = UUID(int=0)


_ELSEWHERE, _AT_WORK, _OVERBOOKED = (VISIT.alias(name) for name in ("elsewhere", "at_work", "overbooked"))


_OVER: list[ColumnElement[str]] = [
    literal_column(f"'{status}'") for status in AppointmentStatus if status not in ACTIVE
]
"""Inactive states. Listing them keeps the planner from the constraints' indexes, which find a person slowly."""


def _first(appointment: FromClause, *whose: ColumnElement[bool]) -> ScalarSelect[datetime]:
    """Return the first start among these appointments that are not over and begin within the next eight hours."""
    one = appointment.c
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
"""Starts of conflicts that the constraints of the database do not see.

The doctor is away, is a patient elsewhere, or is overbooked; or the patient works as a doctor."""


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


class Busy(Protocol):
    """The starts of `BUSY`; None without such a conflict."""

    away_at: datetime | None
    elsewhere_at: datetime | None
    at_work_at: datetime | None
    overbooked_at: datetime | None


class Day(NamedTuple):
    """The doctor's hours on the day of a request, and the conflicts around it."""

    hours: Sequence[WeeklyHours]
    busy: Busy


def check_time(starts_at: datetime) -> None:
    """Refuse a time in the past, or more than 180 days ahead."""
    ahead = starts_at - clock.now()
    if ahead <= timedelta(0):
        raise NOT_IN_FUTURE(errors={"starts_at": ["Is past."]})
    if ahead > rules.HORIZON:
        raise TOO_FAR_AHEAD(errors={"starts_at": ["Too far ahead."]})


def requested_slot(session: Session, request: SlotRequest) -> Slot:
    """Return the slot that a patient requests, if the patient may have one more request. One statement.

    Conflicts with regular appointments are left to the constraints of the database.
    """
    rows = session.rows(HOURS_AT_AND_WAITING, _asked(request))
    if not rows:  # Patients choose from the directory, so no event about the doctor is on its way.
        raise NO_SUCH_DOCTOR()
    if rows[0].is_erased:
        raise NO_SUCH_PATIENT()
    if rows[0].is_deceased:
        raise PATIENT_DECEASED()
    if rows[0].waiting >= rules.OPEN_REQUESTS:
        raise TOO_MANY_REQUESTS()
    return _slot_among(session, request, Day([row for row in rows if row.weekday is not None], rows[0]))


def bookable_slot(session: Session, request: SlotRequest, minutes: int | None = None) -> Slot:
    """Return the slot at that time. An overbooked appointment needs no slot; `minutes` is its length."""
    day = _day_of(session, request)
    if not request.overbooked:
        return _slot_among(session, request, day)
    begins = request.starts_at.astimezone(UTC)
    slot = _slot_at(day.hours, begins) or Slot(begins, begins + OVERBOOKED, None)
    slot = slot if minutes is None else slot._replace(ends_at=begins + timedelta(minutes=minutes))
    _check_free(session, request, day.busy, slot.ends_at)
    return slot


def check_free(session: Session, request: SlotRequest, ends_at: datetime) -> None:
    """Refuse unless the doctor is present and both people are free. For times that are no slot, up to eight hours."""
    _check_free(session, request, _day_of(session, request).busy, ends_at)


def _asked(request: SlotRequest) -> dict[str, object]:
    """Return the parameters of the statements: the local day, the day before, and the times around the request."""
    starts_at = request.starts_at
    day = starts_at.astimezone(config.current().hospital_timezone).date()
    return {
        "doctor_id": request.doctor_id,
        "patient_id": request.patient_id,
        "moved": request.moved or NOBODY,
        "starts_at": starts_at,
        "earliest": starts_at - rules.LONGEST,
        "latest_end": starts_at + rules.LONGEST,
        "year_before": starts_at - rules.LONGEST_TIME_OFF - timedelta(days=1),
        "weekday": day.weekday(),
        "yesterday": (day.weekday() - 1) % 7,
        "first_day": day - timedelta(days=1),
        "last_day": day,
    }


def _day_of(session: Session, request: SlotRequest) -> Day:
    """Return the doctor's hours of that day, and the conflicts. One statement."""
    rows = session.rows(HOURS_AT, _asked(request))
    if not rows:
        raise (NotYet if request.visible_to in (None, request.doctor_id) else NotFound)(
            "not_found", "There is no such doctor."
        )
    return Day([row for row in rows if row.weekday is not None], rows[0])


def _slot_at(hours: Sequence[WeeklyHours], starts_at: datetime) -> Slot | None:
    return rules.slot_at(hours, starts_at, config.current().hospital_timezone)


def _slot_among(session: Session, request: SlotRequest, day: Day) -> Slot:
    slot = _slot_at(day.hours, request.starts_at)
    if slot is None:
        raise OUTSIDE_HOURS()
    _check_free(session, request, day.busy, slot.ends_at)
    return slot


def _check_free(session: Session, request: SlotRequest, busy: Busy, ends_at: datetime) -> None:
    if _begins_before(ends_at, busy.away_at):
        raise OUTSIDE_HOURS("The doctor is away then.")
    overbooked_at = None if request.overbooked else busy.overbooked_at
    if _begins_before(ends_at, busy.elsewhere_at) or _begins_before(ends_at, overbooked_at):
        raise with_conflict(session, request, ends_at, SLOT_TAKEN)
    if _begins_before(ends_at, busy.at_work_at):
        raise with_conflict(session, request, ends_at, PATIENT_BUSY)


def _begins_before(ends_at: datetime, begins: datetime | None) -> bool:
    return begins is not None and begins < ends_at
