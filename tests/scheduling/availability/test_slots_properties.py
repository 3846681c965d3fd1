"""Properties of slots. A simple model tries each minute of generated weeks."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.persistence.database import Session
from contracts.scheduling.availability import ListSlots, TakeTimeOff
from services.scheduling.availability import slots, time_off
from services.scheduling.rules import Slot, free, overlap, slot_at, slots_of
from tests.scheduling.factories import (
    BERLIN,
    KOLKATA,
    NEW_YORK,
    Hours,
    add_doctor,
    at,
    book,
    insert_rules,
    local_time,
    make_patient,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ZONES = st.sampled_from([BERLIN, NEW_YORK, KOLKATA, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
CHANGES = [
    date(2026, 3, 29),  # Berlin to summer
    date(2026, 10, 25),  # Berlin to winter
    date(2026, 3, 8),  # New York to summer
    date(2026, 11, 1),  # New York to winter
    date(2026, 4, 5),  # Lord Howe to winter, by half an hour
    date(2026, 10, 4),  # Lord Howe to summer
]
DAYS = st.sampled_from(CHANGES) | st.dates(date(2026, 1, 1), date(2027, 12, 31))
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]) | st.integers(0, 59))
LENGTHS = st.sampled_from([15, 20, 30, 60]) | st.integers(5, 480)
PLACES = st.sampled_from([None, "East", "West"])
ON_ONE_DATABASE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Examples share the database, because each has an own doctor."""


@st.composite
def any_hours(draw: st.DrawFn, near: date | None = None) -> Hours:
    """A rule. It may pass midnight, and may start or stop being valid near a day."""
    opens, closes = draw(st.lists(TIMES, min_size=2, max_size=2, unique=True))
    days = st.none() if near is None else st.none() | st.integers(-3, 3).map(lambda days: near + days * DAY)
    valid_from, valid_to = draw(days), draw(days)
    return Hours(draw(st.integers(0, 6)), opens, closes, draw(LENGTHS), draw(PLACES), valid_from, valid_to)


WEEKS_AND_DAYS = DAYS.flatmap(lambda day: st.tuples(st.lists(any_hours(day), max_size=4), st.just(day)))
WEEKS = st.lists(any_hours(), max_size=5).map(lambda week: [rule.view() for rule in week])
SPANS = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 600)), max_size=6)


def openings_of(rule: Hours, local_time: datetime) -> Iterator[datetime]:
    """The openings of the rule's hours that have a slot with this local start."""
    length = timedelta(minutes=rule.slot_minutes)
    for day in (local_time.date(), local_time.date() - DAY):
        opens, closes = datetime.combine(day, rule.from_), datetime.combine(day, rule.to)
        closes += DAY if closes < opens else timedelta(0)
        counts = day.weekday() == rule.weekday and (rule.valid_from or day) <= day <= (rule.valid_to or day)
        fits = opens <= local_time and local_time + length <= closes and (local_time - opens) % length == timedelta(0)
        if counts and fits:
            yield opens


def clock_is_continuous(moment: datetime, length: timedelta, zone: ZoneInfo) -> bool:
    """Whether local time advances by one minute in each minute, and does not repeat the end."""
    wall = moment.astimezone(zone).replace(tzinfo=None)
    shown = [(moment + n * MINUTE).astimezone(zone).replace(tzinfo=None) - wall for n in range(length // MINUTE + 1)]
    return all(shift == n * MINUTE for n, shift in enumerate(shown[:-1])) and shown[-1] >= length


def slots_by_minute(week: list[Hours], start: datetime, end: datetime, zone: ZoneInfo) -> list[Slot]:
    """The slots that begin in a range, by trying each rule in each minute."""
    places = dict[tuple[datetime, datetime], list[str]]()
    for number in range((end - start) // MINUTE):
        moment = start + number * MINUTE
        shown = moment.astimezone(zone)
        for rule in [] if shown.fold else week:
            length = timedelta(minutes=rule.slot_minutes)
            if any(openings_of(rule, shown.replace(tzinfo=None))) and clock_is_continuous(moment, length, zone):
                places.setdefault((moment, moment + length), []).append(rule.place or "")
    return [Slot(*key, min(found) or None) for key, found in sorted(places.items())]


@given(WEEKS_AND_DAYS, ZONES)
def test_slots_match_a_model_that_tries_each_minute(given_week: tuple[list[Hours], date], zone: ZoneInfo) -> None:
    week, day = given_week
    start = local_time(day, 0, zone) - 3 * HOUR
    end = start + 32 * HOUR
    assert list(slots_of(week, start, end, zone)) == slots_by_minute(week, start, end, zone)


@given(WEEKS_AND_DAYS, ZONES)
def test_slot_at_returns_the_first_slot_of_a_start(given_week: tuple[list[Hours], date], zone: ZoneInfo) -> None:
    week, day = given_week
    computed = list(slots_of(week, local_time(day, 0, zone), local_time(day, 0, zone) + 2 * DAY, zone))
    first = {slot.starts_at: slot for slot in reversed(computed)}
    assert [slot_at(week, moment, zone) for moment in first] == list(first.values())


@given(WEEKS_AND_DAYS, ZONES, st.integers(0, 48 * 60))
def test_slot_at_returns_only_slots_that_slots_of_returns(
    given_week: tuple[list[Hours], date], zone: ZoneInfo, minutes: int
) -> None:
    week, day = given_week
    moment = local_time(day, 0, zone) + minutes * MINUTE
    computed = list(slots_of(week, moment, moment + MINUTE, zone))
    assert slot_at(week, moment, zone) == (computed[0] if computed else None)


@given(WEEKS_AND_DAYS, ZONES)
def test_slot_lies_within_the_hours_of_a_rule_of_its_length(
    given_week: tuple[list[Hours], date], zone: ZoneInfo
) -> None:
    week, day = given_week
    for slot in slots_of(week, local_time(day, 0, zone), local_time(day, 0, zone) + 3 * DAY, zone):
        begins = slot.starts_at.astimezone(zone).replace(tzinfo=None)
        length = slot.ends_at - slot.starts_at
        rules = [rule for rule in week if timedelta(minutes=rule.slot_minutes) == length]
        assert any(any(openings_of(rule, begins)) for rule in rules)


@given(WEEKS_AND_DAYS, ZONES)
def test_slots_are_sorted_and_unique(given_week: tuple[list[Hours], date], zone: ZoneInfo) -> None:
    week, day = given_week
    computed = [slot[:2] for slot in slots_of(week, local_time(day, 0, zone), local_time(day, 0, zone) + 3 * DAY, zone)]
    assert computed == sorted(set(computed))


@given(WEEKS_AND_DAYS, ZONES, SPANS)
def test_free_slots_are_exactly_those_that_overlap_no_taken_time(
    given_week: tuple[list[Hours], date], zone: ZoneInfo, busy: list[tuple[int, int]]
) -> None:
    week, day = given_week
    start = local_time(day, 0, zone)
    computed = list(slots_of(week, start, start + 2 * DAY, zone))
    taken = [Slot(start + begin * MINUTE, start + (begin + length) * MINUTE) for begin, length in busy]
    expected = [s for s in computed if not any(t.starts_at < s.ends_at and s.starts_at < t.ends_at for t in taken)]
    assert list(free(computed, taken)) == expected


def list_in_pages(session: Session, doctor_id: object, limit: int) -> list[Slot]:
    """All free slots of two days, page by page."""
    found, cursor = list[Slot](), None
    while True:
        given_range = {"from_": at(1, 0), "to": at(3, 0), "limit": limit, "cursor": cursor}
        page = slots.listing(session, make_patient(), ListSlots(doctor_id=doctor_id, **given_range))
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


@ON_ONE_DATABASE
@given(week=WEEKS, limit=st.integers(1, 9))
def test_pages_of_any_size_make_the_whole_list(session: Session, week: list[dict[str, object]], limit: int) -> None:
    doctor = add_doctor(session, rules=[])
    insert_rules(session, doctor, week)
    whole = list_in_pages(session, doctor.person, 10_000)
    assert list_in_pages(session, doctor.person, limit) == whole
    assert len(set(whole)) == len(whole)


@ON_ONE_DATABASE
@given(week=WEEKS, spans=SPANS)
def test_slots_are_offered_exactly_outside_the_times_off(
    session: Session, week: list[dict[str, object]], spans: list[tuple[int, int]]
) -> None:
    doctor, taken = add_doctor(session, rules=[]), list[Slot]()
    insert_rules(session, doctor, week)
    before = list_in_pages(session, doctor.person, 10_000)
    for begin, length in spans:
        away = Slot(at(1, 0) + begin * MINUTE, at(1, 0) + (begin + length) * MINUTE)
        if not any(overlap(away, other) for other in taken):
            given_time = {"starts_at": away.starts_at, "ends_at": away.ends_at, "reason": None, "displace": False}
            time_off.take(session, doctor, TakeTimeOff(doctor_id=doctor.person, **given_time))
            session.flush()
            taken.append(away)
    assert list_in_pages(session, doctor.person, 10_000) == [
        s for s in before if not any(overlap(s, away) for away in taken)
    ]


@ON_ONE_DATABASE
@given(week=WEEKS, index=st.integers(0))
def test_offered_slot_is_the_slot_that_is_booked(session: Session, week: list[dict[str, object]], index: int) -> None:
    doctor = add_doctor(session, rules=[])
    insert_rules(session, doctor, week)
    offered = list_in_pages(session, doctor.person, 10_000)
    if offered:
        starts_at = offered[index % len(offered)].starts_at
        first = next(slot for slot in offered if slot.starts_at == starts_at)
        visit = book(session, doctor, starts_at=starts_at)
        assert (visit["starts_at"], visit["ends_at"]) == first[:2]
        assert not any(overlap(slot, first) for slot in list_in_pages(session, doctor.person, 10_000))
