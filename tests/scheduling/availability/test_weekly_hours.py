"""Weekly hours: set as a whole by their doctor, never at two places at once, and not over somebody else's change."""

from datetime import date, time, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from chassis.errors import Invalid, NotFound, Stale
from chassis.persistence.database import Database, Session
from contracts.auth.events import DoctorApproved
from contracts.scheduling.availability import GetSchedule, ScheduleView, SetSchedule
from services.scheduling import rules
from services.scheduling.availability import weekly_hours
from services.scheduling.directory import doctors
from tests.calls import called
from tests.events import example_of
from tests.scheduling.factories import (
    ALL_WEEK,
    BERLIN,
    Hours,
    book,
    doctor,
    heard,
    in_transaction,
    local,
    patient,
    together,
    visits_of,
)

MONDAY = date(2026, 6, 1)


def test_new_hours_replace_the_old_ones(session: Session) -> None:
    who = doctor(session)
    weekly_hours.set_schedule(
        session, who, SetSchedule(doctor_id=who.person, rules=[Hours(2, time(10), time(12)).view()])
    )
    [rule] = weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["rules"]
    assert (rule.weekday, rule.from_, rule.to, rule.slot_minutes) == (2, time(10), time(12), 30)


def test_hours_keep_their_place_and_the_days_on_which_they_count(session: Session) -> None:
    given = [Hours(2, time(22), time(2), 20, "Room 4", date(2026, 1, 1), date(2026, 12, 31)).view()]
    who = doctor(session, rules=given)
    shown = ScheduleView.dump_one(weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person)))
    assert shown["rules"] == ScheduleView.dump_one({"rules": given})["rules"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "09:00"}, "to"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-31"}, "valid_to"),
        ({"place": ""}, "place"),
        ({"slot_minutes": 481}, "slot_minutes"),
        ({"slot_minutes": 480, "to": "16:59"}, "slot_minutes"),
        ({"slot_minutes": 91, "from": "23:00", "to": "00:30"}, "slot_minutes"),
    ],
)
def test_hours_that_mean_nothing_are_refused(wrong: dict[str, Any], field: str) -> None:
    rule = {"weekday": 0, "from": "09:00", "to": "17:00", "slot_minutes": 30, **wrong}
    with pytest.raises(Invalid) as refused:
        SetSchedule.read({"doctor_id": str(uuid7()), "rules": [rule]})
    assert list(refused.value.facts["errors"]["rules"]["0"]) == [field]


@pytest.mark.parametrize(("opens", "closes", "minutes"), [("09:00", "17:00", 480), ("23:00", "00:30", 90)])
def test_hours_may_be_one_slot_long_past_midnight_too(opens: str, closes: str, minutes: int) -> None:
    rule = {"weekday": 0, "from": opens, "to": closes, "slot_minutes": minutes}
    assert SetSchedule.read({"doctor_id": str(uuid7()), "rules": [rule]}).rules[0].slot_minutes == minutes


def test_of_two_schedules_at_once_one_stays(fresh: Database) -> None:
    who = in_transaction(fresh, doctor)
    weeks = [
        SetSchedule(doctor_id=who.person, rules=[Hours(weekday).view() for weekday in days])
        for days in ((0, 1), (2, 3, 4))
    ]
    for _number in range(10):
        works = [partial(weekly_hours.set_schedule, actor=who, command=week) for week in weeks]
        together(*(partial(in_transaction, fresh, work) for work in works))
        with fresh.read() as session:
            assert len(weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["rules"]) in (2, 3)


def test_hours_come_in_the_order_of_the_week(session: Session) -> None:
    who = doctor(session, rules=list(reversed(ALL_WEEK)))
    found = weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["rules"]
    assert [rule.weekday for rule in found] == list(range(7))


def test_visits_that_are_agreed_stay_when_hours_change(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    weekly_hours.set_schedule(session, who, SetSchedule(doctor_id=who.person, rules=[]))
    assert visits_of(session, who) == [visit["id"]]


def test_only_the_doctor_sets_and_sees_the_hours(session: Session) -> None:
    who = doctor(session)
    with pytest.raises(NotFound):
        weekly_hours.set_schedule(session, patient(), SetSchedule(doctor_id=who.person, rules=[]))
    with pytest.raises(NotFound):
        weekly_hours.get_schedule(session, doctor(session), GetSchedule(doctor_id=who.person))


def test_who_is_not_known_as_a_doctor_yet_has_no_hours(session: Session) -> None:
    unknown = patient(uuid7(), "doctor")
    with pytest.raises(NotFound):
        weekly_hours.set_schedule(session, unknown, SetSchedule(doctor_id=unknown.person, rules=[]))


def test_hours_are_shown_with_the_hospitals_zone(session: Session) -> None:
    who = doctor(session)
    assert weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["timezone"] == "Europe/Berlin"
    assert (
        weekly_hours.set_schedule(session, who, SetSchedule(doctor_id=who.person, rules=[]))["timezone"]
        == "Europe/Berlin"
    )


def test_each_schedule_is_a_revision_more(session: Session) -> None:
    who = doctor(session, rules=[])
    before = weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["revision"]
    assert (
        weekly_hours.set_schedule(session, who, SetSchedule(doctor_id=who.person, rules=ALL_WEEK))["revision"]
        == before + 1
    )
    assert weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["revision"] == before + 1


def test_hours_that_have_changed_meanwhile_are_not_replaced(session: Session) -> None:
    who = doctor(session)
    seen = weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["revision"]
    weekly_hours.set_schedule(session, who, SetSchedule(doctor_id=who.person, rules=[]))
    with called(session, if_match=f'"{seen}"'), pytest.raises(Stale):
        weekly_hours.set_schedule(session, who, SetSchedule(doctor_id=who.person, rules=ALL_WEEK))
    assert weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["rules"] == []


def test_a_new_name_of_a_doctor_leaves_the_revision_of_the_hours(session: Session) -> None:
    who = doctor(session)
    seen = weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["revision"]
    doctors.remember(
        session,
        heard(session, 2),
        example_of(DoctorApproved, doctor_id=who.person, name="Dr Rao", specialization="cardiology"),
    )
    assert weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["revision"] == seen


def test_hours_that_overlap_are_refused_by_name(session: Session) -> None:
    who = doctor(session)
    quarter_past = Hours(2, time(9, 15), time(12)).view()
    with pytest.raises(Invalid) as refusal:
        weekly_hours.set_schedule(session, who, SetSchedule(doctor_id=who.person, rules=[*ALL_WEEK, quarter_past]))
    assert (refusal.value.code, refusal.value.facts["rules"]) == ("rules_overlap", [2, 7])
    assert list(refusal.value.facts["errors"]["rules"]) == ["7"]
    assert len(weekly_hours.get_schedule(session, who, GetSchedule(doctor_id=who.person))["rules"]) == 7


NIGHT = Hours(6, time(22), time(6))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (Hours(0, time(9), time(12)), Hours(0, time(12), time(15)), False),
        (Hours(0, time(9), time(12)), Hours(1, time(9), time(12)), False),
        (Hours(0, time(9), time(12)), Hours(0, time(11, 59), time(15)), True),
        (NIGHT, Hours(0, time(5), time(7)), True),
        (NIGHT, Hours(0, time(6), time(7)), False),
        (NIGHT, Hours(0, time(5), time(7), valid_to=MONDAY - timedelta(days=1)), True),
        (NIGHT._replace(valid_from=MONDAY), Hours(0, time(5), time(7), valid_to=MONDAY), False),
        (NIGHT._replace(valid_to=MONDAY - timedelta(days=1)), Hours(0, time(5), time(7), valid_from=MONDAY), True),
        (Hours(valid_to=MONDAY - timedelta(days=1)), Hours(valid_from=MONDAY), False),
        (Hours(valid_to=MONDAY), Hours(valid_from=MONDAY), True),
        (Hours(1, valid_from=MONDAY, valid_to=MONDAY), Hours(1), False),
    ],
)
def test_two_rules_overlap_when_they_meet_on_a_day_on_which_both_count(one: Hours, other: Hours, *, meet: bool) -> None:
    assert rules.rules_that_overlap([one, other]) == ((0, 1) if meet else None)
    assert rules.rules_that_overlap([other, one]) == ((0, 1) if meet else None)


DAYS = st.none() | st.dates(MONDAY, MONDAY + timedelta(days=20))
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    """Hours within three weeks, of which a slot takes all."""
    opens, closes = draw(st.lists(TIMES, min_size=2, max_size=2, unique=True))
    first, last = draw(st.tuples(DAYS, DAYS).filter(lambda pair: None in pair or pair[0] <= pair[1]))
    minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
    return Hours(draw(st.integers(0, 6)), opens, closes, minutes % 1440, None, first, last)


@generated(one=some_hours(), other=some_hours())
def test_two_rules_overlap_just_when_slots_of_theirs_do(one: Hours, other: Hours) -> None:
    start, end = local(MONDAY - timedelta(days=9), 0, BERLIN), local(MONDAY + timedelta(days=30), 0, BERLIN)
    mine, theirs = ([*rules.slots_of([hours], start, end, BERLIN)] for hours in (one, other))
    meet = any(rules.overlap(slot, another) for slot in mine for another in theirs)
    assert (rules.rules_that_overlap([one, other]) is not None) == meet


def test_a_year_of_rules_is_compared_at_once() -> None:
    days = [MONDAY + timedelta(days=number) for number in range(400)]
    year = [Hours(0, valid_from=day, valid_to=day) for day in days]
    assert rules.rules_that_overlap(year) is None
