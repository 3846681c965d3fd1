"""Weekly hours: a doctor replaces all rules at once. Overlapping rules and stale revisions are refused."""

from datetime import date, time, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
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
from tests.scheduling.concurrency import in_transaction, run_at_once
from tests.scheduling.factories import (
    ALL_WEEK,
    BERLIN,
    Hours,
    add_doctor,
    book,
    event_actor,
    local_time,
    make_patient,
    make_user,
    own_visit_ids,
)

MONDAY = date(2026, 6, 1)


def test_new_hours_replace_the_old_hours(session: Session) -> None:
    doctor = add_doctor(session)
    weekly_hours.set_schedule(
        session, doctor, SetSchedule(doctor_id=doctor.person, rules=[Hours(2, time(10), time(12)).view()])
    )
    [rule] = weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).rules
    assert (rule.weekday, rule.from_, rule.to, rule.slot_minutes) == (2, time(10), time(12), 30)


def test_hours_keep_their_place_and_their_valid_days(session: Session) -> None:
    rules_given = [Hours(2, time(22), time(2), 20, "Room 4", date(2026, 1, 1), date(2026, 12, 31)).view()]
    doctor = add_doctor(session, rules=rules_given)
    shown = ScheduleView.dump_one(weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)))
    assert shown["rules"] == ScheduleView.dump_one({"rules": rules_given})["rules"]


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
def test_hours_are_refused_when_they_are_invalid(wrong: dict[str, Any], field: str) -> None:
    rule = {"weekday": 0, "from": "09:00", "to": "17:00", "slot_minutes": 30, **wrong}
    with pytest.raises(Invalid) as refused:
        SetSchedule.read({"doctor_id": str(uuid7()), "rules": [rule]})
    assert list(refused.value.facts["errors"]["rules"]["0"]) == [field]


@pytest.mark.parametrize(("opens", "closes", "minutes"), [("09:00", "17:00", 480), ("23:00", "00:30", 90)])
def test_hours_may_be_one_slot_long(opens: str, closes: str, minutes: int) -> None:
    rule = {"weekday": 0, "from": opens, "to": closes, "slot_minutes": minutes}
    assert SetSchedule.read({"doctor_id": str(uuid7()), "rules": [rule]}).rules[0].slot_minutes == minutes


def test_schedule_is_one_of_two_when_both_are_set_at_once(fresh_database: Database) -> None:
    doctor = in_transaction(fresh_database, add_doctor)
    weeks = [
        SetSchedule(doctor_id=doctor.person, rules=[Hours(weekday).view() for weekday in days])
        for days in ((0, 1), (2, 3, 4))
    ]
    for _number in range(10):
        works = [partial(weekly_hours.set_schedule, actor=doctor, command=week) for week in weeks]
        run_at_once(*(partial(in_transaction, fresh_database, work) for work in works))
        with fresh_database.read() as session:
            assert len(weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).rules) in (
                2,
                3,
            )


def test_hours_are_listed_in_the_order_of_the_week(session: Session) -> None:
    doctor = add_doctor(session, rules=list(reversed(ALL_WEEK)))
    found = weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).rules
    assert [rule.weekday for rule in found] == list(range(7))


def test_visits_stay_when_hours_change(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    weekly_hours.set_schedule(session, doctor, SetSchedule(doctor_id=doctor.person, rules=[]))
    assert own_visit_ids(session, doctor) == [visit["id"]]


def test_hours_are_refused_to_patients_and_other_doctors(session: Session) -> None:
    doctor = add_doctor(session)
    with pytest.raises(NotFound):
        weekly_hours.set_schedule(session, make_patient(), SetSchedule(doctor_id=doctor.person, rules=[]))
    with pytest.raises(NotFound):
        weekly_hours.get_schedule(session, add_doctor(session), GetSchedule(doctor_id=doctor.person))


def test_hours_are_refused_when_the_doctor_is_unknown(session: Session) -> None:
    unknown = make_user("doctor", person_id=uuid7())
    with pytest.raises(NotFound):
        weekly_hours.set_schedule(session, unknown, SetSchedule(doctor_id=unknown.person, rules=[]))


def test_hours_are_shown_with_the_time_zone_of_the_hospital(session: Session) -> None:
    doctor = add_doctor(session)
    assert weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).timezone == "Europe/Berlin"
    assert (
        weekly_hours.set_schedule(session, doctor, SetSchedule(doctor_id=doctor.person, rules=[])).timezone
        == "Europe/Berlin"
    )


def test_schedule_revision_increases_by_one_with_each_change(session: Session) -> None:
    doctor = add_doctor(session, rules=[])
    before = weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).revision
    assert (
        weekly_hours.set_schedule(session, doctor, SetSchedule(doctor_id=doctor.person, rules=ALL_WEEK)).revision
        == before + 1
    )
    assert weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).revision == before + 1


def test_schedule_is_refused_when_the_revision_is_stale(session: Session) -> None:
    doctor = add_doctor(session)
    revision = weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).revision
    weekly_hours.set_schedule(session, doctor, SetSchedule(doctor_id=doctor.person, rules=[]))
    with called(session, if_match=f'"{revision}"'), pytest.raises(Stale):
        weekly_hours.set_schedule(session, doctor, SetSchedule(doctor_id=doctor.person, rules=ALL_WEEK))
    assert weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).rules == []


def test_schedule_revision_stays_when_the_name_of_the_doctor_changes(session: Session) -> None:
    doctor = add_doctor(session)
    revision = weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).revision
    doctors.on_doctor_approved(
        session,
        event_actor(session, 2),
        example_of(DoctorApproved, doctor_id=doctor.person, name="Dr Rao", specialization="cardiology"),
    )
    assert weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).revision == revision


def test_schedule_is_refused_and_names_the_overlapping_rules(session: Session) -> None:
    doctor = add_doctor(session)
    quarter_past = Hours(2, time(9, 15), time(12)).view()
    with pytest.raises(Invalid) as refusal:
        weekly_hours.set_schedule(
            session, doctor, SetSchedule(doctor_id=doctor.person, rules=[*ALL_WEEK, quarter_past])
        )
    assert (refusal.value.code, refusal.value.facts["rules"]) == ("rules_overlap", [2, 7])
    assert list(refusal.value.facts["errors"]["rules"]) == ["7"]
    assert len(weekly_hours.get_schedule(session, doctor, GetSchedule(doctor_id=doctor.person)).rules) == 7


NIGHT = Hours(6, time(22), time(6))


@pytest.mark.parametrize(
    ("first", "second", "do_overlap"),
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
def test_rules_overlap_only_on_days_when_both_are_valid(first: Hours, second: Hours, *, do_overlap: bool) -> None:
    assert rules.rules_that_overlap([first, second]) == ((0, 1) if do_overlap else None)
    assert rules.rules_that_overlap([second, first]) == ((0, 1) if do_overlap else None)


DAYS = st.none() | st.dates(MONDAY, MONDAY + timedelta(days=20))
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    """Hours valid within three weeks. One slot fills them."""
    opens, closes = draw(st.lists(TIMES, min_size=2, max_size=2, unique=True))
    first, last = draw(st.tuples(DAYS, DAYS).filter(lambda pair: None in pair or pair[0] <= pair[1]))
    minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
    return Hours(draw(st.integers(0, 6)), opens, closes, minutes % 1440, None, first, last)


@given(first=any_hours(), second=any_hours())
def test_rules_overlap_exactly_when_their_slots_overlap(first: Hours, second: Hours) -> None:
    start, end = local_time(MONDAY - timedelta(days=9), 0, BERLIN), local_time(MONDAY + timedelta(days=30), 0, BERLIN)
    slots, other_slots = ([*rules.slots_of([hours], start, end, BERLIN)] for hours in (first, second))
    do_overlap = any(rules.overlap(slot, another) for slot in slots for another in other_slots)
    assert (rules.rules_that_overlap([first, second]) is not None) == do_overlap


def test_rules_of_a_year_do_not_overlap_when_each_has_one_day() -> None:
    days = [MONDAY + timedelta(days=number) for number in range(400)]
    year = [Hours(0, valid_from=day, valid_to=day) for day in days]
    assert rules.rules_that_overlap(year) is None
