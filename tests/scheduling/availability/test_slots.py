"""Free slots: hours, booked times, ranges and pages."""

import time as clocks
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.persistence.database import Session
from contracts.scheduling.availability import ListSlots, SlotView, TakeTimeOff
from records import cursors
from services.scheduling.appointments import openings
from services.scheduling.appointments.conflicts import SlotRequest
from services.scheduling.availability import slots, time_off
from services.scheduling.rules import HORIZON, Slot
from tests.scheduling.factories import (
    ALL_WEEK,
    HALF_HOUR,
    Hours,
    add_doctor,
    at,
    book,
    complete_visit,
    free_slots,
    insert_rules,
    make_patient,
)
from tests.scheduling.recorded_sql import record_statements

ENDS = ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]
CPU_SECONDS = 0.25
"""Limit for a month of slots. It usually takes a tenth of it, but busy machines are slower."""
DEFAULTS = {"from_": None, "to": None, "limit": 100, "cursor": None}


def list_slots(session: Session, doctor: Any, **fields: Any) -> Any:
    """A page of free slots, by default of the next week."""
    return slots.listing(session, make_patient(), ListSlots(doctor_id=doctor.person, **{**DEFAULTS, **fields}))


def test_slots_fill_the_hours_of_a_day(session: Session) -> None:
    doctor = add_doctor(session)
    found = free_slots(session, doctor, at(hour=0), at(days=3, hour=0))
    assert found[0] == Slot(at(hour=9), at(hour=9) + HALF_HOUR)
    assert (len(found), found[-1].ends_at) == (16, at(hour=17))


def test_slot_shows_its_place(session: Session) -> None:
    doctor = add_doctor(session, rules=[Hours(weekday, place="Room 4").view() for weekday in range(7)])
    assert {slot["place"] for slot in map(SlotView.dump_one, list_slots(session, doctor).items)} == {"Room 4"}


def test_slots_after_midnight_are_offered_and_can_be_booked(session: Session) -> None:
    rule = Hours(at().date().weekday(), time(22), time(2), valid_from=at().date(), valid_to=at().date())
    doctor = add_doctor(session, rules=[rule.view()])
    found = free_slots(session, doctor, at(3, 0), at(4, 0))
    assert [slot.starts_at for slot in found] == [at(3, 0), at(3, 0, 30), at(3, 1), at(3, 1, 30)]
    assert book(session, doctor, starts_at=at(3, 1))["ends_at"] == at(3, 1, 30)


@pytest.mark.parametrize(("field", "days"), [("valid_to", 1), ("valid_from", 3)])
def test_booking_is_refused_on_a_day_outside_the_valid_days(session: Session, field: str, days: int) -> None:
    doctor = add_doctor(session, rules=[Hours(at().weekday(), **{field: at(days).date()}).view()])
    assert free_slots(session, doctor, at(hour=0), at(3, 0)) == []
    with pytest.raises(Conflict) as refused:
        book(session, doctor)
    assert refused.value.code == "outside_hours"


def test_slot_is_not_offered_when_a_visit_after_the_range_overlaps_it(session: Session) -> None:
    week = [Hours(weekday, slot_minutes=minutes).view() for weekday in range(7) for minutes in (60, 90)]
    doctor = add_doctor(session, rules=[])
    insert_rules(session, doctor, week)
    book(session, doctor, starts_at=at(hour=10))
    assert free_slots(session, doctor, at(hour=8), at(hour=9, minute=30)) == [Slot(at(hour=9), at(hour=10))]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_slots_with_the_same_start_are_not_repeated_on_the_next_page(session: Session, limit: int) -> None:
    doctor = add_doctor(session, rules=[])
    insert_rules(session, doctor, [Hours(w, slot_minutes=minutes).view() for w in range(7) for minutes in (30, 60)])
    found, cursor = list[Slot](), None
    for _number in range(6 // limit):
        page = list_slots(session, doctor, from_=at(hour=0), limit=limit, cursor=cursor)
        found, cursor = found + page.items, page.next
    assert found == free_slots(session, doctor, at(hour=0), at(hour=13))[:6]


def test_slot_is_not_offered_when_it_is_booked(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    assert visit["starts_at"] not in [
        slot.starts_at for slot in free_slots(session, doctor, at(hour=0), at(days=3, hour=0))
    ]


def test_slot_is_offered_again_when_its_visit_is_completed(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    complete_visit(session, doctor, visit)
    assert visit["starts_at"] in [
        slot.starts_at for slot in free_slots(session, doctor, at(hour=0), at(days=3, hour=0))
    ]


def test_slots_are_not_offered_in_the_past(session: Session) -> None:
    assert free_slots(session, add_doctor(session), at(-10), at(-9)) == []


def test_slots_of_the_next_week_are_listed_by_default(session: Session) -> None:
    doctor, now = add_doctor(session), clock.now()
    found = list_slots(session, doctor).items
    assert now < found[0].starts_at < now + timedelta(days=1)
    assert found[-1].starts_at < now + timedelta(days=7)


def test_slots_of_the_whole_last_day_are_listed(session: Session) -> None:
    day = at().date()
    found = list_slots(session, add_doctor(session), from_=day, to=day).items
    assert (found[0].starts_at, len(found)) == (at(hour=9), 16)


def test_pages_have_no_gap_and_no_repeat(session: Session) -> None:
    doctor, found, cursor = add_doctor(session), list[Slot](), None
    while True:
        page = list_slots(session, doctor, from_=at(hour=0), to=at(days=4, hour=0), limit=7, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    assert found == free_slots(session, doctor, at(hour=0), at(days=4, hour=0))


@pytest.mark.parametrize("days", [1, 31])
@pytest.mark.parametrize("rules", [ALL_WEEK, ALL_WEEK * 52], ids=len)
def test_list_takes_two_statements_for_any_range_and_hours(session: Session, rules: Any, days: int) -> None:
    doctor = add_doctor(session, rules=[])
    insert_rules(session, doctor, rules)
    for number in range(3):
        book(session, doctor, starts_at=at(2 + number))
        away = {"starts_at": at(2 + number, 12), "ends_at": at(2 + number, 13), "reason": None, "displace": False}
        time_off.take(session, doctor, TakeTimeOff(doctor_id=doctor.person, **away))
    session.flush()
    with record_statements(session) as sent:
        assert (
            len(free_slots(session, doctor, at(hour=0), at(2 + days, hour=0), limit=1000))
            == days * 16 - min(days, 3) * 3
        )
    assert len(sent) == 2


def test_list_of_a_month_with_365_rules_is_fast(session: Session) -> None:
    days = [at().date() + timedelta(days=number) for number in range(365)]
    doctor = add_doctor(session, rules=[Hours(day.weekday(), valid_from=day, valid_to=day).view() for day in days])
    began = clocks.process_time()
    found = free_slots(session, doctor, at(hour=0), at(2 + 31, hour=0), limit=1000)
    assert clocks.process_time() - began < CPU_SECONDS
    assert len(found) == 31 * 16


@pytest.mark.parametrize("find", [openings.bookable_slot, openings.requested_slot])
def test_slot_to_book_is_found_with_one_statement(session: Session, find: Any) -> None:
    doctor = add_doctor(session)
    with record_statements(session) as sent:
        assert find(session, SlotRequest(doctor.person, uuid7(), at())) == Slot(at(), at() + HALF_HOUR)
    assert len(sent) == 1


def test_slot_to_book_has_its_place(session: Session) -> None:
    doctor = add_doctor(session, rules=[Hours(weekday, place="Room 4").view() for weekday in range(7)])
    assert openings.bookable_slot(session, SlotRequest(doctor.person, uuid7(), at())).place == "Room 4"


def test_list_is_refused_when_the_range_exceeds_31_days(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        free_slots(session, add_doctor(session), at(1), at(40))
    assert refused.value.code == "range_too_long"


def test_list_of_31_days_may_contain_the_repeated_hour(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    first = date(2026, 10, 10)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 10, 1, tzinfo=UTC))
    assert list_slots(session, add_doctor(session), from_=first, to=first + timedelta(days=30)).items


@pytest.mark.parametrize("value", ENDS)
@pytest.mark.parametrize("field", ["from", "to"])
def test_list_is_refused_at_the_limits_of_the_calendar(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        ListSlots.read({"doctor_id": str(uuid7()), field: value})
    assert list(refused.value.facts["errors"]) == [field]


def test_slots_are_not_offered_beyond_the_booking_horizon(session: Session) -> None:
    last = list_slots(session, add_doctor(session), from_=at(HORIZON.days - 2), to=at(HORIZON.days + 5)).items[-1]
    assert last.starts_at < clock.now() + HORIZON


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "",
        "9" * 400,
        cursors.encoded("2027-01-01T00:00:00+00:00"),
        cursors.encoded("2027-01-01T00:00:00", "2027-01-01T01:00:00"),
        cursors.encoded("2027-13-01T00:00:00+00:00", "x"),
        cursors.encoded(1, 2),
    ],
)
def test_cursor_is_refused_when_it_is_malformed(session: Session, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        list_slots(session, add_doctor(session), cursor=cursor)
    assert refused.value.code == "bad_cursor"


def test_cursor_at_the_end_of_the_calendar_gives_an_empty_page(session: Session) -> None:
    last = cursors.encoded("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59+00:00")
    assert list_slots(session, add_doctor(session), cursor=last).items == []


def test_list_is_refused_when_the_doctor_is_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        list_slots(session, make_patient())


def test_list_is_empty_when_the_doctor_has_no_hours(session: Session) -> None:
    assert list_slots(session, add_doctor(session, rules=[])).items == []
