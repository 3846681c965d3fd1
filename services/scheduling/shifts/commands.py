"""Use cases that assign and change shifts."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.persistence.locks import read_locked
from chassis.refusals import WRONG_FIELDS
from contracts.scheduling.refusals import NO_SUCH_SHIFT, NOT_IN_FUTURE, TOO_FAR_AHEAD
from contracts.scheduling.shifts.commands import SHIFT_OVERLAPS, TOO_LONG, TOO_MANY_HOURS, AssignShift, ChangeShift
from contracts.scheduling.shifts.events import ShiftAssigned, ShiftChanged
from contracts.scheduling.shifts.views import ShiftOutcome, ShiftPart
from services.scheduling.directory import people, staff
from services.scheduling.models.shifts import Shift
from services.scheduling.shifts import pending_swaps
from services.scheduling.shifts import rules as working_hours
from services.scheduling.shifts.rules import Work

HORIZON = timedelta(days=366)
"""How far ahead shifts and tasks may be."""


OVERLAPS = {"no_shift_overlap": SHIFT_OVERLAPS}


SHIFT = cast("Table", Shift.__table__)


def assign(session: Session, _actor: Actor, command: AssignShift) -> dict[str, Any]:
    """Assign a shift."""
    _check_times(command.starts_at, command.ends_at)
    session.lock_people(command.person_id)
    staff.must_work_here(session, command.person_id)
    shift = Shift(
        id=uuid7(),
        person_id=command.person_id,
        ward=command.ward,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        status="assigned",
        revision=1,
        created_at=clock.now(),
    )
    with refusing(session, OVERLAPS):
        session.add(shift)
    _check_hours(session, shift)
    session.publish(ShiftAssigned(**_facts(shift)))
    return people.with_names(session, shift, "person_id")


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    check_ahead("starts_at", starts_at)
    if ends_at <= starts_at:
        errors = {"ends_at": ["Must be later than `starts_at`."]}
        raise WRONG_FIELDS(errors=errors)
    if ends_at - starts_at > working_hours.LONGEST:
        raise TOO_LONG(errors={"ends_at": ["Too late."]})


def check_ahead(field: str, moment: datetime) -> None:
    """Refuse a time in the past, or more than a year ahead."""
    ahead = moment - clock.now()
    if ahead <= timedelta(0):
        raise NOT_IN_FUTURE("The time must be in the future.", errors={field: ["Is past."]})
    if ahead > HORIZON:
        raise TOO_FAR_AHEAD("The time is more than a year ahead.", errors={field: ["Too far ahead."]})


def _check_hours(session: Session, shift: Shift) -> None:
    """Refuse with `too_many_hours` when the person works too much in any 7 days. Requires the person's lock."""
    others = select(Shift.starts_at, Shift.ends_at).where(
        Shift.person_id == shift.person_id,
        Shift.status == "assigned",
        Shift.id != shift.id,
        Shift.starts_at > shift.starts_at - working_hours.WEEK - working_hours.LONGEST,
        Shift.starts_at < shift.ends_at + working_hours.WEEK,
    )
    around = [Work(*row) for row in session.execute(others)]
    most = working_hours.most_in_a_week(Work(shift.starts_at, shift.ends_at), around)
    if most > working_hours.MOST:
        hours = round(most / timedelta(hours=1), 2)
        raise TOO_MANY_HOURS(hours=hours)


def _facts(shift: Shift) -> dict[str, Any]:
    names = ("person_id", "starts_at", "ends_at", "revision")
    return {"shift_id": shift.id, **{name: getattr(shift, name) for name in names}}


def _say_changed(session: Session, shift: Shift, before: dict[str, Any], changed: Collection[str]) -> None:
    """Publish the change, once to the present person, and once to the former person if the person changed."""
    now, names = _facts(shift), [ShiftPart(name) for name in sorted(changed)]
    if before["person_id"] != shift.person_id:
        gone = {**before, "revision": shift.revision}
        session.publish(ShiftChanged(**gone, status=ShiftOutcome.GIVEN_AWAY, changed=[ShiftPart.PERSON_ID]))
    session.publish(ShiftChanged(**now, status=ShiftOutcome(shift.status), changed=names))


def change(session: Session, _actor: Actor, command: ChangeShift) -> dict[str, Any]:
    """Change person, ward or time of a shift, or cancel it. Equal values change nothing."""
    changes = command.given()
    del changes["shift_id"]
    is_cancelled = changes.pop("status", None) is not None
    shift = _locked(session, command.shift_id, *({changes["person_id"]} if "person_id" in changes else ()))
    session.call.expects(shift.revision)
    shift.must_be_assigned()
    check_ahead("starts_at", shift.starts_at)
    differing = {name: value for name, value in changes.items() if getattr(shift, name) != value}
    if not is_cancelled and not differing:
        return people.with_names(session, shift, "person_id")
    before = _facts(shift)
    if not is_cancelled:
        _change(session, shift, differing)
    else:
        shift.cancel()
    pending_swaps.withdraw(session, shift.id)
    _say_changed(session, shift, before, differing)
    return people.with_names(session, shift, "person_id")


def _change(session: Session, shift: Shift, changes: dict[str, Any]) -> None:
    if "person_id" in changes:
        staff.must_work_here(session, changes["person_id"])
    _check_times(changes.get("starts_at", shift.starts_at), changes.get("ends_at", shift.ends_at))
    with refusing(session, OVERLAPS):
        shift.change(**changes)
    _check_hours(session, shift)


def move(session: Session, takes: Iterable[tuple[Shift, UUID]]) -> None:
    """Give shifts to other people at once. The caller holds the locks of all these people.

    Swapped shifts may overlap each other for a moment, so each is cancelled in between. No other transaction sees that.
    """
    moved = [(shift, person_id, _facts(shift)) for shift, person_id in takes]
    for shift, person_id, _before in moved:
        shift.change(person_id=person_id)
        shift.status = "cancelled"
    session.flush()
    with refusing(session, OVERLAPS):
        for shift, _person, _before in moved:
            shift.status = "assigned"
    for shift, _person, before in moved:
        _check_hours(session, shift)
        _say_changed(session, shift, before, ["person_id"])
    pending_swaps.withdraw(session, *(shift.id for shift, _person, _before in moved))


def _locked(session: Session, shift_id: UUID, *others: UUID) -> Shift:
    """The shift, locked, behind the locks of its person and of these others."""
    person = select(Shift.person_id).where(Shift.id == shift_id)

    def read() -> Shift:
        shift = session.get(Shift, shift_id, with_for_update=True)
        if shift is None:
            raise not_found()
        return shift

    return read_locked(
        session,
        people=lambda: (*session.scalars(person), *others),
        read=read,
        people_of=lambda shift: (shift.person_id,),
    )


def not_found() -> NotFound:
    """Return the refusal for a shift that does not exist or is hidden from the caller."""
    return NO_SUCH_SHIFT()
