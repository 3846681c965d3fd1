"""Pure rules of scheduling: which slots a week's hours make on which days."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

HORIZON = timedelta(days=180)
"""How far ahead a visit may be booked."""
RANGE = timedelta(days=31)
"""How long a range of slots may be asked for."""
OPEN_REQUESTS = 5
"""How many requests of one patient may wait for an answer."""


class Slot(NamedTuple):
    """A time that can be booked, in UTC."""

    starts_at: datetime
    ends_at: datetime


class WeeklyHours(Protocol):
    """A rule of availability."""

    weekday: int
    from_: time
    to: time
    slot_minutes: int


def slots_of(rules: Iterable[WeeklyHours], start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Slot]:
    """The slots that begin in [start, end), earliest first, without repeats.

    Hours are local: 09:00-17:00 stays so across a change of the clocks. A slot whose local time does not exist on the
    day of the change, or whose length the change would alter, is left out.
    """
    seen: set[Slot] = set()
    rules = list(rules)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        of_day = sorted(slot for rule in rules if rule.weekday == day.weekday() for slot in _of_day(rule, day, zone))
        for slot in of_day:
            if start <= slot.starts_at < end and slot not in seen:
                seen.add(slot)
                yield slot
        day += timedelta(days=1)


def _of_day(rule: WeeklyHours, day: date, zone: ZoneInfo) -> Iterator[Slot]:
    length = timedelta(minutes=rule.slot_minutes)
    local, end = datetime.combine(day, rule.from_), datetime.combine(day, rule.to)
    while local + length <= end:
        slot = _slot(local, length, zone)
        if slot is not None:
            yield slot
        local += length


def _slot(local: datetime, length: timedelta, zone: ZoneInfo) -> Slot | None:
    """The slot that begins at this local time, unless a change of the clocks is in its way."""
    starts_at = local.replace(tzinfo=zone).astimezone(UTC)
    ends_at = (local + length).replace(tzinfo=zone).astimezone(UTC)
    if ends_at - starts_at != length or starts_at.astimezone(zone).replace(tzinfo=None) != local:
        return None
    return Slot(starts_at, ends_at)


def slot_at(rules: Iterable[WeeklyHours], starts_at: datetime, zone: ZoneInfo) -> Slot | None:
    """The slot that begins just then, if these rules make one: `slots_of` for one moment, without a day's others."""
    local = starts_at.astimezone(zone).replace(tzinfo=None)
    for rule in rules:
        length, opens = timedelta(minutes=rule.slot_minutes), datetime.combine(local.date(), rule.from_)
        in_hours = opens <= local and local + length <= datetime.combine(local.date(), rule.to)
        if rule.weekday == local.weekday() and in_hours and (local - opens) % length == timedelta(0):
            slot = _slot(local, length, zone)
            if slot is not None and slot.starts_at == starts_at:
                return slot
    return None


def free(slots: Iterable[Slot], taken: Iterable[Slot]) -> Iterator[Slot]:
    """Those slots that overlap none of the taken times. The slots come earliest first."""
    busy = sorted(taken)
    for slot in slots:
        while busy and busy[0].ends_at <= slot.starts_at:
            busy.pop(0)
        if not any(t.ends_at > slot.starts_at for t in takewhile(lambda t: t.starts_at < slot.ends_at, busy)):  # noqa: B023
            yield slot
