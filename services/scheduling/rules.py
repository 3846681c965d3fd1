"""Pure rules of scheduling: which slots a week's hours make on which days."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import combinations, takewhile
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

HORIZON = timedelta(days=180)
"""How far ahead a visit may be booked."""
RANGE = timedelta(days=31)
"""How long a range of slots may be asked for."""
OPEN_REQUESTS = 5
"""How many requests of one patient may wait for an answer."""
LONGEST = timedelta(minutes=480)
"""The longest slot, and the longest visit."""
LONGEST_TIME_OFF = timedelta(days=366)
"""How long a doctor may be away at a time."""

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MINUTES = 24 * 60


class Slot(NamedTuple):
    """A time that can be booked, in UTC, and where."""

    starts_at: datetime
    ends_at: datetime
    place: str | None = None


class WeeklyHours(Protocol):
    """A rule of availability; one that ends before it begins passes midnight."""

    weekday: int
    from_: time
    to: time
    slot_minutes: int
    place: str | None
    valid_from: date | None
    valid_to: date | None


class Hours(NamedTuple):
    """What a rule makes of one weekday: either its own day, or the day after, for which it passes midnight."""

    starts: range
    """Minutes of the day at which slots begin."""
    length: int
    place: str | None
    days_before: timedelta
    """How long before this day its rule's day is."""
    valid_from: date
    valid_to: date

    def count_on(self, day: date) -> bool:
        """Whether the rule counts on its day; the night after its last one belongs to it."""
        return self.valid_from <= day - self.days_before <= self.valid_to


Week = list[list[Hours]]


def week_of(rules: Iterable[WeeklyHours]) -> Week:
    """The hours of each weekday, worked out once for all the days that are asked for."""
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
    """The minutes at which slots of a rule begin on its own day, or so many days later."""
    opens, closes = (moment.hour * 60 + moment.minute for moment in (rule.from_, rule.to))
    if closes <= opens:
        closes += MINUTES
    starts = range(opens, closes - rule.slot_minutes + 1, rule.slot_minutes)
    midnight = -(-(MINUTES - opens) // rule.slot_minutes)
    of_day = starts[midnight:] if days else starts[:midnight]
    return range(of_day.start - days * MINUTES, of_day.stop - days * MINUTES, rule.slot_minutes)


def slots_of(rules: Iterable[WeeklyHours], start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Slot]:
    """The slots that begin in [start, end), by start and end, no time twice.

    Hours are local: 09:00-17:00 stays so across a change of the clocks. A slot of which a part does not exist on the
    day of the change, or whose length the change would alter, is left out. Where rules make the same slot at several
    places, it is at the first of them by name, and without a place where one says none.
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
    """The place of each slot that begins on a day, by the minute of the day and the length in minutes."""
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
    """What makes the slots of a day. It asks for the zone once, unless the clocks change on this day or the next."""
    midnight, later = datetime.combine(day, time(), zone), datetime.combine(day + 2 * DAY, time(), zone)
    if midnight.utcoffset() != later.utcoffset():
        return partial(_slot, day, zone)
    opens = midnight.astimezone(UTC)

    def make(minute: int, length: int, place: str | None) -> Slot:
        starts_at = opens + minute * MINUTE
        return Slot(starts_at, starts_at + length * MINUTE, place)

    return make


def _slot(day: date, zone: ZoneInfo, minute: int, length: int, place: str | None) -> Slot | None:
    """The slot that begins at this minute of a local day, unless a change of the clocks is in its way."""
    begins = datetime.combine(day, time(minute // 60, minute % 60))
    ends = begins + length * MINUTE
    starts_at, ends_at = _utc(begins, zone), _utc(ends, zone)
    if ends_at - starts_at != ends - begins or not (_exists(begins, zone) and _exists(ends - MINUTE, zone)):
        return None
    return Slot(starts_at, ends_at, place)


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of this local time; where there is none, as if the clocks had not been changed yet."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    return _utc(local, zone).astimezone(zone).replace(tzinfo=None) == local


def slot_at(rules: Iterable[WeeklyHours], starts_at: datetime, zone: ZoneInfo) -> Slot | None:
    """The slot that begins just then, if these rules make one: the first of `slots_of`, without a day's others."""
    local = starts_at.astimezone(zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    found = [hours for hours in week_of(rules)[day.weekday()] if minute in hours.starts and hours.count_on(day)]
    for hours in sorted(found, key=lambda hours: (hours.length, _by_name(hours.place))):
        slot = _slot(day, zone, minute, hours.length, hours.place)
        if slot is not None and slot.starts_at == starts_at:
            return slot
    return None


def overlap(one: Slot, other: Slot) -> bool:
    """Whether two times have a moment in common."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def free(slots: Iterable[Slot], taken: Iterable[Slot]) -> Iterator[Slot]:
    """Those slots that overlap none of the taken times. The slots come earliest first."""
    busy = sorted(taken, key=lambda one: one[:2])
    for slot in slots:
        while busy and busy[0].ends_at <= slot.starts_at:
            busy.pop(0)
        if not any(overlap(t, slot) for t in takewhile(lambda t: t.starts_at < slot.ends_at, busy)):  # noqa: B023  called at once, while `slot` is still this one
            yield slot


def rules_that_overlap(rules: Iterable[WeeklyHours]) -> tuple[int, int] | None:
    """The places, from 0 on, of the first two rules that have a minute in common on some day; None: none have."""
    spans = [_span(rule) for rule in rules]
    for (first, one), (second, other) in combinations(enumerate(spans), 2):
        if any(_meet(one, other, days) for days in (-1, 0, 1)):
            return first, second
    return None


class _Span(NamedTuple):
    """A rule's hours: weekday, minutes of it from which and to which they go, and the days on which they count."""

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
    """Whether they meet when the other one begins so many days later, as it does on some day on which both count."""
    if (one.weekday + days) % 7 != other.weekday:
        return False
    if not (one.opens < other.closes + days * MINUTES and other.opens + days * MINUTES < one.closes):
        return False
    first = max(one.valid_from.toordinal(), other.valid_from.toordinal() - days)
    last = min(one.valid_to.toordinal(), other.valid_to.toordinal() - days)
    first += (one.weekday - (first - 1)) % 7  # The ordinal 1 is a Monday.
    return first <= last
