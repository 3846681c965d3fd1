"""Weekly hours, and the free slots that they make."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.database import Session
from chassis.errors import Invalid, NotFound
from contracts.scheduling import ListSlots
from services.scheduling import appointments, slots
from services.scheduling.rules import HORIZON, Slot
from tests.scheduling.factories import ALL_WEEK, HALF_HOUR, Hours, at, book, doctor, free, hold, patient, statements

ENDS = ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]
WHOLE = {"from_": None, "to": None, "limit": 100, "cursor": None}


def listing(session: Session, who: Any, **fields: Any) -> Any:
    """A page of free slots."""
    return slots.listing(session, patient(), doctor_id=who.person, **{**WHOLE, **fields})


def test_a_day_of_hours_is_a_day_of_slots(session: Session) -> None:
    who = doctor(session)
    found = free(session, who, at(hour=0), at(days=3, hour=0))
    assert found[0] == Slot(at(hour=9), at(hour=9) + HALF_HOUR)
    assert (len(found), found[-1].ends_at) == (16, at(hour=17))


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
    found = listing(session, doctor(session)).items
    now = datetime.now(UTC)
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
def test_two_statements_whatever_the_range(session: Session, days: int) -> None:
    who = doctor(session)
    for number in range(3):
        book(session, who, starts_at=at(2 + number))
    session.flush()
    with statements(session) as sent:
        free(session, who, at(hour=0), at(2 + days, hour=0))
    assert len(sent) == 2


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
    assert last.starts_at < datetime.now(UTC) + HORIZON


@pytest.mark.parametrize("cursor", ["nonsense", "", "2026-13-01T00:00:00+00:00", "9" * 400])
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


def test_new_hours_replace_the_old_ones(session: Session) -> None:
    who = doctor(session)
    slots.set_schedule(session, who, doctor_id=who.person, rules=[Hours(2, time(10), time(12))._asdict()])
    [rule] = slots.get_schedule(session, who, doctor_id=who.person)["rules"]
    assert (rule.weekday, rule.from_, rule.to, rule.slot_minutes) == (2, time(10), time(12), 30)


def test_hours_come_in_the_order_of_the_week(session: Session) -> None:
    who = doctor(session, rules=list(reversed(ALL_WEEK)))
    found = slots.get_schedule(session, who, doctor_id=who.person)["rules"]
    assert [rule.weekday for rule in found] == list(range(7))


def test_visits_that_are_agreed_stay_when_hours_change(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    slots.set_schedule(session, who, doctor_id=who.person, rules=[])
    page = appointments.of_doctor(session, who, doctor_id=who.person, status=None, limit=20, cursor=None)
    assert [row.id for row in page.items] == [visit["id"]]


def test_only_the_doctor_sets_and_sees_the_hours(session: Session) -> None:
    who = doctor(session)
    with pytest.raises(NotFound):
        slots.set_schedule(session, patient(), doctor_id=who.person, rules=[])
    with pytest.raises(NotFound):
        slots.get_schedule(session, doctor(session), doctor_id=who.person)


def test_who_is_not_known_as_a_doctor_yet_has_no_hours(session: Session) -> None:
    unknown = patient(uuid7(), "doctor")
    with pytest.raises(NotFound):
        slots.set_schedule(session, unknown, doctor_id=unknown.person, rules=[])
