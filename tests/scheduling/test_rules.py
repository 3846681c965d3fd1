"""Slots of weekly hours: simple cases, hours that pass midnight, and valid days."""

import time as clocks
from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.scheduling.rules import RANGE, Slot, free, slot_at, slots_of
from tests.scheduling.factories import BERLIN, HALF_HOUR, Hours, local_time

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = date(2026, 6, 1)
TUESDAY = MONDAY + DAY
NIGHT = Hours(0, time(22), time(2))
CPU_SECONDS = 0.25
"""Limit for a month of slots. It usually takes a twentieth of it, but busy machines are slower."""


def slot_starts(*week: Hours, days: int = 2) -> list[str]:
    """Weekday and local time of the slots from the Monday on."""
    first = local_time(MONDAY, 0, BERLIN)
    return [
        f"{slot.starts_at.astimezone(BERLIN):%a %H:%M}" for slot in slots_of(week, first, first + days * DAY, BERLIN)
    ]


def test_slot_is_left_out_when_it_does_not_fit_before_closing() -> None:
    assert slot_starts(Hours(to=time(10, 10), slot_minutes=40)) == ["Mon 09:00"]


def test_slots_of_two_rules_are_not_repeated() -> None:
    found = slot_starts(Hours(), Hours(from_=time(12), to=time(18)))
    assert len(found) == len(set(found)) == 18


def test_slots_with_one_start_are_sorted_by_length() -> None:
    week = [Hours(to=time(10), slot_minutes=60), Hours(to=time(10))]
    first = local_time(MONDAY, 9, BERLIN)
    assert list(slots_of(week, first, first + HALF_HOUR, BERLIN)) == [
        Slot(first, first + HALF_HOUR),
        Slot(first, first + HOUR),
    ]


def test_hours_pass_midnight_when_they_end_before_they_begin() -> None:
    expected = ["Mon 22:00", "Mon 22:30", "Mon 23:00", "Mon 23:30", "Tue 00:00", "Tue 00:30", "Tue 01:00", "Tue 01:30"]
    assert slot_starts(NIGHT) == expected


def test_hours_until_midnight_end_with_the_day() -> None:
    assert slot_starts(NIGHT._replace(to=time(0)))[-1] == "Mon 23:30"


def test_slot_may_pass_midnight() -> None:
    assert slot_starts(NIGHT._replace(slot_minutes=90)) == ["Mon 22:00", "Mon 23:30"]


def test_night_of_sunday_ends_on_monday() -> None:
    assert slot_starts(NIGHT._replace(weekday=6), days=1) == ["Mon 00:00", "Mon 00:30", "Mon 01:00", "Mon 01:30"]


def test_slots_of_two_nights_are_in_order() -> None:
    found = slot_starts(NIGHT._replace(weekday=6), NIGHT, Hours(to=time(10)))
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
def test_night_is_valid_when_its_first_day_is_valid(
    valid_from: date | None, valid_to: date | None, expected: int
) -> None:
    assert len(slot_starts(NIGHT._replace(valid_from=valid_from, valid_to=valid_to))) == expected


def test_valid_days_include_the_first_and_the_last_day() -> None:
    week = [Hours(weekday, to=time(10), valid_from=TUESDAY, valid_to=TUESDAY + DAY) for weekday in range(7)]
    assert slot_starts(*week, days=7) == ["Tue 09:00", "Tue 09:30", "Wed 09:00", "Wed 09:30"]


@pytest.mark.parametrize(
    ("places", "expected"), [(["East", "West"], "East"), (["West", "East"], "East"), (["West", None], None)]
)
def test_slot_at_two_places_takes_the_first_place_by_name(places: list[str | None], expected: str | None) -> None:
    week, first = [Hours(place=place) for place in places], local_time(MONDAY, 9, BERLIN)
    [slots] = slots_of(week, first, first + HALF_HOUR, BERLIN)
    assert slots.place == expected
    assert slot_at(week, first, BERLIN) == slots


def test_slot_at_returns_none_one_second_after_a_start() -> None:
    assert slot_at([Hours()], local_time(MONDAY, 9, BERLIN) + timedelta(seconds=1), BERLIN) is None


def test_free_slots_respect_short_times_inside_a_long_time() -> None:
    first = local_time(MONDAY, 9, BERLIN)
    slots = [Slot(first + number * HOUR, first + (number + 1) * HOUR) for number in range(6)]
    taken = [Slot(slots[4].starts_at, slots[4].ends_at), Slot(first - 300 * DAY, slots[1].ends_at), slots[0]]
    assert [slots.index(slot) for slot in free(slots, taken)] == [2, 3, 5]


def rules_of(kind: str) -> list[Hours]:
    """365 rules: one for each day of a year, or all valid at once."""
    if kind == "one a day":
        days = [MONDAY + number * DAY for number in range(365)]
        return [Hours(day.weekday(), valid_from=day, valid_to=day) for day in days]
    return [Hours(number % 7, slot_minutes=(15, 20, 30)[number // 7 % 3]) for number in range(365)]


@pytest.mark.parametrize(("kind", "expected"), [("one a day", 31 * 16), ("all at once", 31 * (32 + 24 + 16))])
def test_slots_of_a_month_with_365_rules_are_fast(kind: str, expected: int) -> None:
    week, first = rules_of(kind), datetime(2026, 6, 1, tzinfo=UTC)
    began = clocks.process_time()
    slots = list(free(slots_of(week, first, first + RANGE, BERLIN), []))
    assert clocks.process_time() - began < CPU_SECONDS
    assert len(slots) == expected
