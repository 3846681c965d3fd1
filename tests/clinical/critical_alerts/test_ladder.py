"""The ladder under a moved clock: its recipients, its times, and its end."""

import pytest

from chassis.persistence.database import Session
from contracts.clinical.critical_alerts import CriticalAlertStatus, CriticalStep
from services.clinical.critical_alerts import commands, ladder
from tests.clinical.critical_factories import (
    Clock,
    acknowledge,
    alert_of,
    assigned,
    critical,
    escalations,
    raised,
    steps_of,
    tick,
)
from tests.clinical.factories import in_care

DOCTOR, OTHERS, ADMINS = CriticalStep


def test_ordering_doctor_is_the_first_step(session: Session) -> None:
    alert = raised(session)
    assert (steps_of(session, alert), alert.step, alert.status) == ([DOCTOR], DOCTOR, CriticalAlertStatus.OPEN)


def test_event_of_the_result_itself_notifies_the_ordering_doctor(session: Session) -> None:
    raised(session)
    assert escalations(session) == []


def test_treating_doctors_come_first_without_an_ordering_doctor(session: Session) -> None:
    physician, person = in_care(session)
    commands.raise_alert(session, critical(None, person))
    assert escalations(session) == [(DOCTOR, {physician.person})]


def test_nothing_happens_before_fifteen_minutes(session: Session, moved: Clock) -> None:
    alert = raised(session)
    moved.pass_minutes(14.9)
    tick(session)
    assert steps_of(session, alert) == [DOCTOR]


def test_other_treating_doctors_follow_after_fifteen_minutes(session: Session, moved: Clock) -> None:
    people = in_care(session)
    other = assigned(session, people[1])
    raised(session, people)
    moved.pass_minutes(15)
    tick(session)
    assert escalations(session) == [(OTHERS, {people[0].person, other.person})]


def test_admins_follow_after_thirty_minutes(session: Session, moved: Clock) -> None:
    alert = raised(session)
    for minutes in (15, 15):
        moved.pass_minutes(minutes)
        tick(session)
    assert steps_of(session, alert) == [DOCTOR, OTHERS, ADMINS]
    assert escalations(session)[-1] == (ADMINS, set())


@pytest.mark.parametrize("ticks", [2, 5])
def test_each_step_happens_once_after_a_long_outage(session: Session, moved: Clock, ticks: int) -> None:
    alert = raised(session)
    moved.pass_minutes(600)
    for _ in range(ticks):
        tick(session)
    assert steps_of(session, alert) == [DOCTOR, OTHERS, ADMINS]


def test_ladder_ends_with_the_admins_and_stays_open(session: Session, moved: Clock) -> None:
    alert = raised(session)
    moved.pass_minutes(600)
    for _ in range(3):
        tick(session)
    assert (alert.next_at, alert.status, alert.closed_at) == (None, CriticalAlertStatus.OPEN, None)


@pytest.mark.parametrize(("minutes", "steps"), [(0, [DOCTOR]), (15, [DOCTOR, OTHERS]), (30, [DOCTOR, OTHERS, ADMINS])])
def test_ladder_stops_at_the_acknowledgement(
    session: Session, moved: Clock, minutes: int, steps: list[CriticalStep]
) -> None:
    people = in_care(session)
    alert = raised(session, people)
    for _ in range(minutes // 15):
        moved.pass_minutes(15)
        tick(session)
    acknowledge(session, people[0], alert.result_id)
    moved.pass_minutes(600)
    tick(session)
    assert steps_of(session, alert) == steps
    assert alert_of(session, alert.id).status == CriticalAlertStatus.ACKNOWLEDGED


def test_corrected_result_starts_a_new_ladder(session: Session, moved: Clock) -> None:
    people = in_care(session)
    first = raised(session, people)
    second = raised(session, people, result_id=first.result_id, result_version=3)
    moved.pass_minutes(15)
    tick(session)
    assert (steps_of(session, first), steps_of(session, second)) == ([DOCTOR], [DOCTOR, OTHERS])
    assert alert_of(session, first.id).status == CriticalAlertStatus.SUPERSEDED


def test_result_that_is_no_longer_critical_stops_the_ladder(session: Session, moved: Clock) -> None:
    alert = raised(session)
    commands.supersede_alert(session, alert.result_id)
    moved.pass_minutes(15)
    tick(session)
    assert steps_of(session, alert) == [DOCTOR]


def test_timer_takes_the_longest_waiting_alerts_first(
    session: Session, moved: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "BATCH", 1)
    later = raised(session)
    moved.pass_minutes(-5)
    earlier = raised(session)
    moved.pass_minutes(30)
    tick(session)
    assert (steps_of(session, earlier), steps_of(session, later)) == ([DOCTOR, OTHERS], [DOCTOR])
