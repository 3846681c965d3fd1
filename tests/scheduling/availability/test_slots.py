"""Weekly hours, and the free slots that they make."""

import time as clocks
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.persistence.database import Session
from contracts.scheduling.availability import ListSlots, SlotView, TakeTimeOff
from services.scheduling.appointments import openings
from services.scheduling.appointments.conflicts import Wish
from services.scheduling.availability import slots, time_off
from services.scheduling.rules import HORIZON, Slot
from tests.scheduling.factories import (
    ALL_WEEK,
    HALF_HOUR,
    Hours,
    at,
    book,
    doctor,
    free,
    hold,
    patient,
    statements,
    write_hours,
)

ENDS = ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]
CPU_SECONDS = 0.25
"""What a month of slots may take at most. It takes a tenth of that, but not on every machine at every time."""
WHOLE = {"from_": None, "to": None, "limit": 100, "cursor": None}


def listing(session: Session, who: Any, **fields: Any) -> Any:
    """A page of free slots."""
    return slots.listing(session, patient(), ListSlots(doctor_id=who.person, **{**WHOLE, **fields}))


def test_a_day_of_hours_is_a_day_of_slots(session: Session) -> None:
    who = doctor(session)
    found = free(session, who, at(hour=0), at(days=3, hour=0))
    assert found[0] == Slot(at(hour=9), at(hour=9) + HALF_HOUR)
    assert (len(found), found[-1].ends_at) == (16, at(hour=17))


def test_a_slot_says_where_it_is(session: Session) -> None:
    who = doctor(session, rules=[Hours(weekday, place="Room 4").view() for weekday in range(7)])
    assert {slot["place"] for slot in map(SlotView.dump_one, listing(session, who).items)} == {"Room 4"}


def test_the_night_after_the_day_before_is_offered_and_can_be_booked(session: Session) -> None:
    rule = Hours(at().date().weekday(), time(22), time(2), valid_from=at().date(), valid_to=at().date())
    who = doctor(session, rules=[rule.view()])
    found = free(session, who, at(3, 0), at(4, 0))
    assert [slot.starts_at for slot in found] == [at(3, 0), at(3, 0, 30), at(3, 1), at(3, 1, 30)]
    assert book(session, who, starts_at=at(3, 1))["ends_at"] == at(3, 1, 30)


@pytest.mark.parametrize(("field", "days"), [("valid_to", 1), ("valid_from", 3)])
def test_nothing_can_be_booked_on_a_day_on_which_the_hours_do_not_count(
    session: Session, field: str, days: int
) -> None:
    who = doctor(session, rules=[Hours(at().weekday(), **{field: at(days).date()}).view()])
    assert free(session, who, at(hour=0), at(3, 0)) == []
    with pytest.raises(Conflict) as refused:
        book(session, who)
    assert refused.value.code == "outside_hours"


def test_a_slot_that_ends_after_the_range_is_not_offered_over_a_visit_there(session: Session) -> None:
    week = [Hours(weekday, slot_minutes=minutes).view() for weekday in range(7) for minutes in (60, 90)]
    who = doctor(session, rules=[])
    write_hours(session, who, week)
    book(session, who, starts_at=at(hour=10))
    assert free(session, who, at(hour=8), at(hour=9, minute=30)) == [Slot(at(hour=9), at(hour=10))]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_slots_that_begin_at_once_are_not_repeated_on_the_next_page(session: Session, limit: int) -> None:
    who = doctor(session, rules=[])
    write_hours(session, who, [Hours(w, slot_minutes=minutes).view() for w in range(7) for minutes in (30, 60)])
    got, cursor = list[Slot](), None
    for _number in range(6 // limit):
        page = listing(session, who, from_=at(hour=0), limit=limit, cursor=cursor)
        got, cursor = got + page.items, page.next
    assert got == free(session, who, at(hour=0), at(hour=13))[:6]


def test_a_booked_slot_is_no_longer_free(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    assert visit["starts_at"] not in [slot.starts_at for slot in free(session, who, at(hour=0), at(days=3, hour=0))]


def test_a_slot_of_a_visit_that_is_over_is_free(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    hold(session, who, visit)
    assert visit["starts_at"] in [slot.starts_at for slot in free(session, who, at(hour=0), at(days=3, hour=0))]


def test_the_past_has_no_slots(session: Session) -> None:
    assert free(session, doctor(session), at(-10), at(-9)) == []


def test_a_week_from_now_when_nothing_is_said(session: Session) -> None:
    who, now = doctor(session), clock.now()
    found = listing(session, who).items
    assert now < found[0].starts_at < now + timedelta(days=1)
    assert found[-1].starts_at < now + timedelta(days=7)


def test_days_are_the_hospitals_and_the_last_one_counts(session: Session) -> None:
    day = at().date()
    found = listing(session, doctor(session), from_=day, to=day).items
    assert (found[0].starts_at, len(found)) == (at(hour=9), 16)


def test_pages_follow_each_other_without_gap_or_repeat(session: Session) -> None:
    who, got, cursor = doctor(session), list[Slot](), None
    while True:
        page = listing(session, who, from_=at(hour=0), to=at(days=4, hour=0), limit=7, cursor=cursor)
        got += page.items
        cursor = page.next
        if cursor is None:
            break
    assert got == free(session, who, at(hour=0), at(days=4, hour=0))


@pytest.mark.parametrize("days", [1, 31])
@pytest.mark.parametrize("rules", [ALL_WEEK, ALL_WEEK * 52], ids=len)
def test_two_statements_whatever_the_range_and_the_hours(session: Session, rules: Any, days: int) -> None:
    who = doctor(session, rules=[])
    write_hours(session, who, rules)
    for number in range(3):
        book(session, who, starts_at=at(2 + number))
        away = {"starts_at": at(2 + number, 12), "ends_at": at(2 + number, 13), "reason": None, "displace": False}
        time_off.take(session, who, TakeTimeOff(doctor_id=who.person, **away))
    session.flush()
    with statements(session) as sent:
        assert len(free(session, who, at(hour=0), at(2 + days, hour=0), limit=1000)) == days * 16 - min(days, 3) * 3
    assert len(sent) == 2


def test_a_month_of_365_rules_takes_little(session: Session) -> None:
    days = [at().date() + timedelta(days=number) for number in range(365)]
    who = doctor(session, rules=[Hours(day.weekday(), valid_from=day, valid_to=day).view() for day in days])
    began = clocks.process_time()
    found = free(session, who, at(hour=0), at(2 + 31, hour=0), limit=1000)
    assert clocks.process_time() - began < CPU_SECONDS
    assert len(found) == 31 * 16


@pytest.mark.parametrize("find", [openings.slot_given, openings.slot_asked])
def test_one_statement_finds_the_slot_to_book(session: Session, find: Any) -> None:
    who = doctor(session)
    with statements(session) as sent:
        assert find(session, Wish(who.person, uuid7(), at())) == Slot(at(), at() + HALF_HOUR)
    assert len(sent) == 1


def test_the_slot_to_book_says_where_it_is(session: Session) -> None:
    who = doctor(session, rules=[Hours(weekday, place="Room 4").view() for weekday in range(7)])
    assert openings.slot_given(session, Wish(who.person, uuid7(), at())).place == "Room 4"


def test_at_most_31_days_at_once(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        free(session, doctor(session), at(1), at(40))
    assert refused.value.code == "range_too_long"


def test_31_days_may_have_the_hour_that_comes_twice(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    first = date(2026, 10, 10)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 10, 1, tzinfo=UTC))
    assert listing(session, doctor(session), from_=first, to=first + timedelta(days=30)).items


@pytest.mark.parametrize("value", ENDS)
@pytest.mark.parametrize("field", ["from", "to"])
def test_the_ends_of_the_calendar_are_refused(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        ListSlots.read({"doctor_id": str(uuid7()), field: value})
    assert list(refused.value.facts["errors"]) == [field]


def test_what_is_too_far_ahead_to_be_booked_is_not_shown(session: Session) -> None:
    last = listing(session, doctor(session), from_=at(HORIZON.days - 2), to=at(HORIZON.days + 5)).items[-1]
    assert last.starts_at < clock.now() + HORIZON


@pytest.mark.parametrize(
    "cursor", ["nonsense", "", "2026-13-01T00:00:00+00:00", "2026-12-01T00:00:00", "2027-01-01T00:00Z/x", "9" * 400]
)
def test_a_cursor_that_is_not_ours_is_refused(session: Session, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        listing(session, doctor(session), cursor=cursor)
    assert refused.value.code == "bad_cursor"


def test_a_cursor_at_the_end_of_the_calendar_is_an_empty_page(session: Session) -> None:
    assert listing(session, doctor(session), cursor="9999-12-31T23:59:59-12:00").items == []


def test_an_unknown_doctor_has_no_slots_to_show(session: Session) -> None:
    with pytest.raises(NotFound):
        listing(session, patient())


def test_a_doctor_without_hours_has_no_free_slots(session: Session) -> None:
    assert listing(session, doctor(session, rules=[])).items == []
