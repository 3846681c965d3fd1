"""Which slots a week's hours make, in which zone, on which day; checked on thousands of calendars."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.rules import Slot, free, slot_at, slots_of
from tests.scheduling.factories import BERLIN, KOLKATA, NEW_YORK, Hours, local

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ZONES = st.sampled_from([BERLIN, NEW_YORK, KOLKATA, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
CHANGES = [
    date(2026, 3, 29),  # Berlin to summer
    date(2026, 10, 25),  # Berlin to winter
    date(2026, 3, 8),  # New York to summer
    date(2026, 11, 1),  # New York to winter
]
DAYS = st.sampled_from(CHANGES) | st.dates(date(2026, 1, 1), date(2027, 12, 31))
TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    opens, closes = sorted([draw(TIMES), draw(TIMES)])
    return Hours(draw(st.integers(0, 6)), opens, closes, draw(st.integers(5, 480)))


WEEKS = st.lists(hours(), max_size=4)


@given(WEEKS, DAYS, ZONES)
def test_slot_at_agrees_with_slots_of(week: list[Hours], day: date, zone: ZoneInfo) -> None:
    start = local(day, 0, zone)
    made = set(slots_of(week, start, start + DAY, zone))
    assert {slot_at(week, slot.starts_at, zone) for slot in made} <= made
    assert None not in {slot_at(week, slot.starts_at, zone) for slot in made}


@given(WEEKS, DAYS, ZONES, st.integers(0, 24 * 60))
def test_slot_at_finds_none_that_slots_of_does_not_make(
    week: list[Hours], day: date, zone: ZoneInfo, minutes: int
) -> None:
    moment = local(day, 0, zone) + timedelta(minutes=minutes)
    made = {slot.starts_at for slot in slots_of(week, moment, moment + timedelta(minutes=1), zone)}
    assert (slot_at(week, moment, zone) is not None) == (moment in made)


@given(WEEKS, DAYS, ZONES)
def test_every_slot_has_its_rules_length_and_is_within_its_hours(week: list[Hours], day: date, zone: ZoneInfo) -> None:
    start = local(day, 0, zone)
    for slot in slots_of(week, start, start + 3 * DAY, zone):
        begins, ends = (moment.astimezone(zone).replace(tzinfo=None) for moment in slot)
        length = slot.ends_at - slot.starts_at
        assert any(
            rule.weekday == begins.weekday()
            and length == timedelta(minutes=rule.slot_minutes)
            and datetime.combine(begins, rule.from_) <= begins
            and ends <= datetime.combine(begins, rule.to)
            for rule in week
        )


@given(WEEKS, DAYS, ZONES, st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 300)), max_size=8))
def test_free_slots_overlap_nothing_that_is_taken_and_leave_no_other_out(
    week: list[Hours], day: date, zone: ZoneInfo, busy: list[tuple[int, int]]
) -> None:
    start = local(day, 0, zone)
    made = list(slots_of(week, start, start + 2 * DAY, zone))
    minute = timedelta(minutes=1)
    taken = [Slot(start + begin * minute, start + (begin + length) * minute) for begin, length in busy]
    expected = [s for s in made if not any(t.starts_at < s.ends_at and s.starts_at < t.ends_at for t in taken)]
    assert list(free(made, taken)) == expected


@given(WEEKS, DAYS, ZONES)
def test_slots_come_earliest_first_and_once(week: list[Hours], day: date, zone: ZoneInfo) -> None:
    start = local(day, 0, zone)
    made = list(slots_of(week, start, start + 3 * DAY, zone))
    assert len(set(made)) == len(made)
    assert [slot.starts_at for slot in made] == sorted(slot.starts_at for slot in made)


def opening(day: date, zone: ZoneInfo, rule: Hours | None = None) -> list[Slot]:
    """The slots of one day whose hours are 09:00 to 17:00, or those of a rule."""
    start = local(day, 0, zone)
    week = [(rule or Hours())._replace(weekday=day.weekday())]
    return [
        slot for slot in slots_of(week, start, start + 26 * HOUR, zone) if slot.starts_at.astimezone(zone).date() == day
    ]


@pytest.mark.parametrize(
    ("zone", "day", "opens"),
    [
        (BERLIN, date(2026, 3, 28), 8),
        (BERLIN, date(2026, 3, 29), 7),
        (BERLIN, date(2026, 10, 25), 8),
        (NEW_YORK, date(2026, 3, 7), 14),
        (NEW_YORK, date(2026, 3, 8), 13),
        (NEW_YORK, date(2026, 11, 1), 14),
        (KOLKATA, date(2026, 3, 29), 3.5),
        (KOLKATA, date(2026, 10, 25), 3.5),
    ],
    ids=str,
)
def test_nine_oclock_stays_nine_oclock_when_the_clocks_change(zone: ZoneInfo, day: date, opens: float) -> None:
    made = opening(day, zone)
    assert len(made) == 16
    assert made[0].starts_at == datetime.combine(day, time(), UTC) + opens * HOUR


@pytest.mark.parametrize(
    ("zone", "day", "gone"),
    [(BERLIN, date(2026, 3, 29), {2}), (NEW_YORK, date(2026, 3, 8), {2})],
    ids=["Berlin", "New York"],
)
def test_the_hour_that_is_left_out_has_no_slots(zone: ZoneInfo, day: date, gone: set[int]) -> None:
    made = opening(day, zone, Hours(from_=time(0), to=time(6)))
    assert {slot.starts_at.astimezone(zone).hour for slot in made} == set(range(6)) - gone


@pytest.mark.parametrize(
    ("zone", "day"), [(BERLIN, date(2026, 10, 25)), (NEW_YORK, date(2026, 11, 1))], ids=["Berlin", "New York"]
)
def test_no_slot_runs_into_the_hour_that_comes_twice(zone: ZoneInfo, day: date) -> None:
    made = opening(day, zone, Hours(from_=time(0), to=time(6), slot_minutes=60))
    assert all(slot.ends_at - slot.starts_at == HOUR for slot in made)
    assert len({slot.starts_at for slot in made}) == len(made) < 7


def test_a_slot_that_does_not_fit_before_closing_is_left_out() -> None:
    made = opening(date(2026, 6, 1), BERLIN, Hours(from_=time(9), to=time(10, 10), slot_minutes=40))
    assert len(made) == 1


def test_two_rules_of_a_day_make_no_slot_twice() -> None:
    day = date(2026, 6, 1)
    week = [Hours(day.weekday()), Hours(day.weekday(), from_=time(12), to=time(18))]
    made = list(slots_of(week, local(day, 0, BERLIN), local(day, 0, BERLIN) + DAY, BERLIN))
    assert len(made) == len(set(made)) == 18
