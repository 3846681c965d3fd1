"""Pure rules of scheduling: the slots that weekly hours make on a day."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import combinations, takewhile
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

HORIZON = timedelta(days=180)
"""How far ahead an appointment may be booked."""
RANGE = timedelta(days=31)
"""The longest range of a slot query."""
OPEN_REQUESTS = 5
"""The maximum of unanswered requests of a patient."""
LONGEST = timedelta(minutes=480)
"""The longest slot and the longest appointment."""
LONGEST_TIME_OFF = timedelta(days=366)
"""The longest time off."""

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MINUTES = 24 * 60


class Slot(NamedTuple):
    """A time that can be booked, in UTC, and its place."""

    starts_at: datetime
    ends_at: datetime
    place: str | None = None


class WeeklyHours(Protocol):
    """A rule of availability. A rule whose end is before its start passes midnight."""

    weekday: int
    from_: time
    to: time
    slot_minutes: int
    place: str | None
    valid_from: date | None
    valid_to: date | None


class Hours(NamedTuple):
    """The part of a rule on one weekday: its own day, or the day after, when the rule passes midnight."""

    starts: range
    """Minutes of the day at which slots begin."""
    length: int
    place: str | None
    days_before: timedelta
    """Distance from the day of the rule to this day."""
    valid_from: date
    valid_to: date

    def count_on(self, day: date) -> bool:
        """Return whether the rule is valid on its day. The night after the last day belongs to the rule."""
        return self.valid_from <= day - self.days_before <= self.valid_to


Week = list[list[Hours]]


def week_of(rules: Iterable[WeeklyHours]) -> Week:
    """Return the hours of each weekday, computed once for all days of a range."""
    week: Week = [[] for _ in range(7)]
    for rule in rules:
        for days in (0, 1):
            starts = _starts(rule, days)
            if starts:
                valid = rule.valid_from or date.min, rule.valid_to or date.max
                hours = Hours(starts, rule.slot_minutes, rule.place, days * DAY, *valid)
                week[(rule.weekday + days) % 7].append(hours)
    return week


def _starts(rule: WeeklyHours, days: int) -> range:
    """Return the minutes at which slots of a rule begin on its own day, or `days` later."""
    opens, closes = (moment.hour * 60 + moment.minute for moment in (rule.from_, rule.to))
    if closes <= opens:
        closes += MINUTES
    starts = range(opens, closes - rule.slot_minutes + 1, rule.slot_minutes)
    midnight = -(-(MINUTES - opens) // rule.slot_minutes)
    of_day = starts[midnight:] if days else starts[:midnight]
    return range(of_day.start - days * MINUTES, of_day.stop - days * MINUTES, rule.slot_minutes)


def slots_of(rules: Iterable[WeeklyHours], start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Slot]:
    """Yield the slots that begin in [start, end), ordered by start and end, without duplicates.

    Hours are local: 09:00-17:00 stays so across a change of the clocks. Slots that do not fully exist on the day of the
    change, or change their length, are left out. When several rules make the same slot, its place is the first by name,
    or none if a rule has no place.
    """
    week = week_of(rules)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        make = _maker(day, zone)
        for (minute, length), place in sorted(_of_day(week, day).items()):
            slot = make(minute, length, place)
            if slot is not None and start <= slot.starts_at < end:
                yield slot
        day += DAY


def _of_day(week: Week, day: date) -> dict[tuple[int, int], str | None]:
    """Return the place of each slot of a day, by the minute of the day and the length in minutes."""
    places = dict[tuple[int, int], str | None]()
    for hours in week[day.weekday()]:
        if hours.count_on(day):
            for minute in hours.starts:
                key = minute, hours.length
                if places.setdefault(key, hours.place) != hours.place:
                    places[key] = min(places[key], hours.place, key=_by_name)
    return places


def _by_name(place: str | None) -> str:
    return place or ""


def _maker(day: date, zone: ZoneInfo) -> Callable[[int, int, str | None], Slot | None]:
    """Return a function that makes the slots of a day. It converts the zone once, unless the clocks change."""
    midnight, later = datetime.combine(day, time(), zone), datetime.combine(day + 2 * DAY, time(), zone)
    if midnight.utcoffset() != later.utcoffset():
        return partial(_slot, day, zone)
    opens = midnight.astimezone(UTC)

    def make(minute: int, length: int, place: str | None) -> Slot:
        starts_at = opens + minute * MINUTE
        return Slot(starts_at, starts_at + length * MINUTE, place)

    return make


def _slot(day: date, zone: ZoneInfo, minute: int, length: int, place: str | None) -> Slot | None:
    """Return the slot that begins at this minute of a local day, or None when a change of the clocks prevents it."""
    begins = datetime.combine(day, time(minute // 60, minute % 60))
    ends = begins + length * MINUTE
    starts_at, ends_at = _utc(begins, zone), _utc(ends, zone)
    if ends_at - starts_at != ends - begins or not (_exists(begins, zone) and _exists(ends - MINUTE, zone)):
        return None
    return Slot(starts_at, ends_at, place)


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment of a local time. A local time that does not exist counts as before the change."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    return _utc(local, zone).astimezone(zone).replace(tzinfo=None) == local


def slot_at(rules: Iterable[WeeklyHours], starts_at: datetime, zone: ZoneInfo) -> Slot | None:
    """Return the slot that begins at this moment, if these rules make one: the first of `slots_of`."""
    local = starts_at.astimezone(zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    found = [hours for hours in week_of(rules)[day.weekday()] if minute in hours.starts and hours.count_on(day)]
    for hours in sorted(found, key=lambda hours: (hours.length, _by_name(hours.place))):
        slot = _slot(day, zone, minute, hours.length, hours.place)
        if slot is not None and slot.starts_at == starts_at:
            return slot
    return None


def overlap(one: Slot, other: Slot) -> bool:
    """Return whether two slots overlap."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def free(slots: Iterable[Slot], taken: Iterable[Slot]) -> Iterator[Slot]:
    """Yield the slots that overlap no taken time. The slots come ordered by start."""
    busy = sorted(taken, key=lambda one: one[:2])
    for slot in slots:
        while busy and busy[0].ends_at <= slot.starts_at:
            busy.pop(0)
        if not any(overlap(t, slot) for t in takewhile(lambda t: t.starts_at < slot.ends_at, busy)):  # noqa: B023  called at once, while `slot` is still this one
            yield slot


def rules_that_overlap(rules: Iterable[WeeklyHours]) -> tuple[int, int] | None:
    """Return the positions of the first two rules that overlap on some day, or None."""
    spans = [_span(rule) for rule in rules]
    for (first, one), (second, other) in combinations(enumerate(spans), 2):
        if any(_meet(one, other, days) for days in (-1, 0, 1)):
            return first, second
    return None


class _Span(NamedTuple):
    """The hours of a rule: weekday, opening and closing minute, first and last valid day."""

    weekday: int
    opens: int
    closes: int
    valid_from: date
    valid_to: date


def _span(rule: WeeklyHours) -> _Span:
    opens, closes = (moment.hour * 60 + moment.minute for moment in (rule.from_, rule.to))
    closes += MINUTES if closes <= opens else 0
    return _Span(rule.weekday, opens, closes, rule.valid_from or date.min, rule.valid_to or date.max)


def _meet(one: _Span, other: _Span, days: int) -> bool:
    """Return whether two rules overlap when `other` begins `days` later, on some day on which both are valid."""
    if (one.weekday + days) % 7 != other.weekday:
        return False
    if not (one.opens < other.closes + days * MINUTES and other.opens + days * MINUTES < one.closes):
        return False
    first = max(one.valid_from.toordinal(), other.valid_from.toordinal() - days)
    last = min(one.valid_to.toordinal(), other.valid_to.toordinal() - days)
    first += (one.weekday - (first - 1)) % 7  # The ordinal 1 is a Monday.
    return first <= last
