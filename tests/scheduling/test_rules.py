"""Which slots a week's hours make: the plain cases, the hours that pass midnight, and the days on which they count."""

import time as clocks
from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.scheduling.rules import RANGE, Slot, free, slot_at, slots_of
from tests.scheduling.factories import BERLIN, HALF_HOUR, Hours, local

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = date(2026, 6, 1)
TUESDAY = MONDAY + DAY
NIGHT = Hours(0, time(22), time(2))
CPU_SECONDS = 0.25
"""What a month of slots may take at most. It takes a twentieth of that, but not on every machine at every time."""


def starts(*week: Hours, days: int = 2) -> list[str]:
    """Day and local time at which slots begin, from that Monday on."""
    first = local(MONDAY, 0, BERLIN)
    return [
        f"{slot.starts_at.astimezone(BERLIN):%a %H:%M}" for slot in slots_of(week, first, first + days * DAY, BERLIN)
    ]


def test_a_slot_that_does_not_fit_before_closing_is_left_out() -> None:
    assert starts(Hours(to=time(10, 10), slot_minutes=40)) == ["Mon 09:00"]


def test_two_rules_of_a_day_make_no_slot_twice() -> None:
    found = starts(Hours(), Hours(from_=time(12), to=time(18)))
    assert len(found) == len(set(found)) == 18


def test_slots_of_different_lengths_are_both_offered_the_shorter_first() -> None:
    week = [Hours(to=time(10), slot_minutes=60), Hours(to=time(10))]
    first = local(MONDAY, 9, BERLIN)
    assert list(slots_of(week, first, first + HALF_HOUR, BERLIN)) == [
        Slot(first, first + HALF_HOUR),
        Slot(first, first + HOUR),
    ]


def test_hours_that_end_before_they_begin_pass_midnight() -> None:
    expected = ["Mon 22:00", "Mon 22:30", "Mon 23:00", "Mon 23:30", "Tue 00:00", "Tue 00:30", "Tue 01:00", "Tue 01:30"]
    assert starts(NIGHT) == expected


def test_hours_until_midnight_end_with_the_day() -> None:
    assert starts(NIGHT._replace(to=time(0)))[-1] == "Mon 23:30"


def test_a_slot_may_itself_pass_midnight() -> None:
    assert starts(NIGHT._replace(slot_minutes=90)) == ["Mon 22:00", "Mon 23:30"]


def test_sundays_night_ends_on_monday() -> None:
    assert starts(NIGHT._replace(weekday=6), days=1) == ["Mon 00:00", "Mon 00:30", "Mon 01:00", "Mon 01:30"]


def test_two_nights_in_a_row_come_in_order() -> None:
    found = starts(NIGHT._replace(weekday=6), NIGHT, Hours(to=time(10)))
    assert found[3:8] == ["Mon 01:30", "Mon 09:00", "Mon 09:30", "Mon 22:00", "Mon 22:30"]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "expected"),
    [
        (MONDAY, MONDAY, 8),
        (None, MONDAY, 8),
        (MONDAY, None, 8),
        (TUESDAY, None, 0),
        (None, MONDAY - DAY, 0),
        (MONDAY - 7 * DAY, MONDAY - DAY, 0),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(
    valid_from: date | None, valid_to: date | None, expected: int
) -> None:
    assert len(starts(NIGHT._replace(valid_from=valid_from, valid_to=valid_to))) == expected


def test_the_first_and_the_last_day_count() -> None:
    week = [Hours(weekday, to=time(10), valid_from=TUESDAY, valid_to=TUESDAY + DAY) for weekday in range(7)]
    assert starts(*week, days=7) == ["Tue 09:00", "Tue 09:30", "Wed 09:00", "Wed 09:30"]


@pytest.mark.parametrize(
    ("places", "expected"), [(["East", "West"], "East"), (["West", "East"], "East"), (["West", None], None)]
)
def test_a_slot_at_two_places_is_at_the_first_by_name(places: list[str | None], expected: str | None) -> None:
    week, first = [Hours(place=place) for place in places], local(MONDAY, 9, BERLIN)
    [made] = slots_of(week, first, first + HALF_HOUR, BERLIN)
    assert made.place == expected
    assert slot_at(week, first, BERLIN) == made


def test_a_slot_begins_at_no_other_second() -> None:
    assert slot_at([Hours()], local(MONDAY, 9, BERLIN) + timedelta(seconds=1), BERLIN) is None


def test_a_long_time_that_is_taken_hides_no_shorter_one() -> None:
    first = local(MONDAY, 9, BERLIN)
    made = [Slot(first + number * HOUR, first + (number + 1) * HOUR) for number in range(6)]
    taken = [Slot(made[4].starts_at, made[4].ends_at), Slot(first - 300 * DAY, made[1].ends_at), made[0]]
    assert [made.index(slot) for slot in free(made, taken)] == [2, 3, 5]


def months(kind: str) -> list[Hours]:
    """365 rules: one for each day of a year, or a year's worth of hours that all count at once."""
    if kind == "one a day":
        days = [MONDAY + number * DAY for number in range(365)]
        return [Hours(day.weekday(), valid_from=day, valid_to=day) for day in days]
    return [Hours(number % 7, slot_minutes=(15, 20, 30)[number // 7 % 3]) for number in range(365)]


@pytest.mark.parametrize(("kind", "expected"), [("one a day", 31 * 16), ("all at once", 31 * (32 + 24 + 16))])
def test_a_month_of_365_rules_is_worked_out_at_once(kind: str, expected: int) -> None:
    week, first = months(kind), datetime(2026, 6, 1, tzinfo=UTC)
    began = clocks.process_time()
    made = list(free(slots_of(week, first, first + RANGE, BERLIN), []))
    assert clocks.process_time() - began < CPU_SECONDS
    assert len(made) == expected
