"""Slots on days when clocks change, in two time zones with daylight saving time and in one without."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from chassis import clock, config
from chassis.persistence.database import Session
from services.scheduling.rules import Slot, slot_at, slots_of
from tests.scheduling.factories import BERLIN, KOLKATA, NEW_YORK, Hours, add_doctor, book, free_slots, local_time
from tests.ward import settings

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SPRING = [pytest.param(BERLIN, date(2026, 3, 29), id="Berlin"), pytest.param(NEW_YORK, date(2026, 3, 8), id="New York")]
AUTUMN = [
    pytest.param(BERLIN, date(2026, 10, 25), id="Berlin"),
    pytest.param(NEW_YORK, date(2026, 11, 1), id="New York"),
]
NO_CHANGE = [pytest.param(KOLKATA, date(2026, month, day), id=f"Kolkata {month}") for month, day in ((3, 29), (10, 25))]


def slots_of_day(day: date, zone: ZoneInfo, rule: Hours) -> list[Slot]:
    """The slots of one day, and of the night after it."""
    start = local_time(day, 0, zone)
    return list(slots_of([rule._replace(weekday=day.weekday())], start, start + 2 * DAY, zone))


def hours_of(slots: list[Slot], zone: ZoneInfo) -> list[int]:
    """The local hours at which slots begin."""
    return [slot.starts_at.astimezone(zone).hour for slot in slots]


def slots_of_night(sunday: date, zone: ZoneInfo) -> list[Slot]:
    """The slots of a night from Saturday at 22:00 to Sunday at 06:00, an hour each."""
    return slots_of_day(sunday - DAY, zone, Hours(from_=time(22), to=time(6), slot_minutes=60))


@pytest.mark.parametrize(
    ("zone", "day", "opens"),
    [
        (BERLIN, date(2026, 3, 28), 8),
        (BERLIN, date(2026, 3, 29), 7),
        (BERLIN, date(2026, 10, 24), 7),
        (BERLIN, date(2026, 10, 25), 8),
        (NEW_YORK, date(2026, 3, 7), 14),
        (NEW_YORK, date(2026, 3, 8), 13),
        (NEW_YORK, date(2026, 10, 31), 13),
        (NEW_YORK, date(2026, 11, 1), 14),
        (KOLKATA, date(2026, 3, 29), 3.5),
        (KOLKATA, date(2026, 10, 25), 3.5),
    ],
    ids=str,
)
def test_opening_stays_at_nine_local_time_when_clocks_change(zone: ZoneInfo, day: date, opens: float) -> None:
    slots = slots_of_day(day, zone, Hours())
    assert len(slots) == 16
    assert slots[0].starts_at == datetime.combine(day, time(), UTC) + opens * HOUR


@pytest.mark.parametrize(("zone", "day"), SPRING)
def test_skipped_hour_has_no_slots(zone: ZoneInfo, day: date) -> None:
    slots = slots_of_day(day, zone, Hours(from_=time(0), to=time(6)))
    assert hours_of(slots, zone) == [0, 0, 1, 1, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(("zone", "day"), SPRING)
def test_slot_before_the_skipped_hour_keeps_its_length(zone: ZoneInfo, day: date) -> None:
    *_others, last = slots_of_day(day, zone, Hours(from_=time(0), to=time(2), slot_minutes=60))
    assert last.starts_at == local_time(day, 1, zone)
    assert last.ends_at == last.starts_at + HOUR == local_time(day, 3, zone)


@pytest.mark.parametrize(("zone", "day"), SPRING)
def test_slot_does_not_reach_into_the_skipped_hour(zone: ZoneInfo, day: date) -> None:
    slots = slots_of_day(day, zone, Hours(from_=time(0, 30), to=time(5, 30), slot_minutes=60))
    assert hours_of(slots, zone) == [0, 3, 4]


@pytest.mark.parametrize(("zone", "day"), AUTUMN)
def test_slot_does_not_reach_into_the_repeated_hour(zone: ZoneInfo, day: date) -> None:
    slots = slots_of_day(day, zone, Hours(from_=time(0), to=time(6), slot_minutes=60))
    repeated_hour = {2} if zone is BERLIN else {1}
    assert hours_of(slots, zone) == sorted(set(range(6)) - repeated_hour)


@pytest.mark.parametrize(("zone", "day"), AUTUMN)
def test_slot_does_not_begin_in_the_second_of_the_repeated_hours(zone: ZoneInfo, day: date) -> None:
    week = [Hours(day.weekday(), time(0), time(6))]
    second = local_time(day, 2 if zone is BERLIN else 1, zone) + HOUR
    assert second.astimezone(zone).fold
    assert [slot_at(week, second + minutes * timedelta(minutes=1), zone) for minutes in (0, 30)] == [None, None]


@pytest.mark.parametrize(("zone", "sunday"), SPRING)
def test_night_lacks_the_skipped_hour(zone: ZoneInfo, sunday: date) -> None:
    slots = slots_of_night(sunday, zone)
    assert hours_of(slots, zone) == [22, 23, 0, 1, 3, 4, 5]
    assert slots[-1].ends_at - slots[0].starts_at == 7 * HOUR


@pytest.mark.parametrize(("zone", "sunday"), AUTUMN)
def test_night_keeps_its_local_hours_around_the_repeated_hour(zone: ZoneInfo, sunday: date) -> None:
    slots, repeated_hour = slots_of_night(sunday, zone), 2 if zone is BERLIN else 1
    assert hours_of(slots, zone) == [hour for hour in (22, 23, 0, 1, 2, 3, 4, 5) if hour != repeated_hour]
    assert slots[-1].ends_at - slots[0].starts_at == 9 * HOUR


@pytest.mark.parametrize(("zone", "sunday"), NO_CHANGE)
def test_night_has_all_hours_when_clocks_do_not_change(zone: ZoneInfo, sunday: date) -> None:
    slots = slots_of_night(sunday, zone)
    assert hours_of(slots, zone) == [22, 23, 0, 1, 2, 3, 4, 5]
    assert {slot.ends_at - slot.starts_at for slot in slots} == {HOUR}


@pytest.mark.parametrize(("zone", "sunday"), [*SPRING, *AUTUMN, *NO_CHANGE])
def test_night_slots_can_all_be_booked_once(
    session: Session, monkeypatch: pytest.MonkeyPatch, zone: ZoneInfo, sunday: date
) -> None:
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=zone))
    monkeypatch.setattr(clock, "now", lambda: local_time(sunday, 0, zone) - 7 * DAY)
    rule = Hours(5, time(22), time(6), 60, valid_from=sunday - DAY, valid_to=sunday - DAY)
    doctor, first = add_doctor(session, rules=[rule.view()]), local_time(sunday - DAY, 0, zone)
    offered = free_slots(session, doctor, first, first + 2 * DAY)
    for slot in offered:
        assert book(session, doctor, starts_at=slot.starts_at)["ends_at"] == slot.ends_at
    assert len(offered) >= 7
    assert free_slots(session, doctor, first, first + 2 * DAY) == []
