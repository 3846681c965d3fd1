"""Several timers and doctors at once: each step happens once, and an acknowledgement is not overtaken."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import eventlet
import pytest
from sqlalchemy import select

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.execution.run import add_events
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Database, Session
from contracts.clinical.critical_alerts import CriticalAlertStatus, CriticalStep
from services.clinical.critical_alerts import ladder
from services.clinical.models.critical_alerts import CriticalAcknowledgement, CriticalAlert, CriticalAlertStep
from tests.clinical.critical_factories import Clock, acknowledge, assigned, raised
from tests.clinical.factories import in_care

ALERTS, TIMERS, DOCTORS = 20, 3, 10


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show deadlocks instead of retrying."""
    monkeypatch.setattr(execution, "TRIES", 1)


def _together(database: Database, *works: Callable[[Session], Any]) -> list[Any]:
    """Run all works at the same time in green threads. Return each result, or the code of its refusal."""

    def outcome(work: Callable[[Session], Any]) -> Any:
        try:
            with database.begin() as session:
                result = work(session)
                add_events(session)
                return result
        except MatronError as refusal:
            return refusal.code

    with eventlet.Timeout(60):
        return [thread.wait() for thread in [eventlet.spawn(outcome, work) for work in works]]


def _escalate(session: Session) -> None:
    ladder.escalate(session, SYSTEM)


def _raised(session: Session) -> list[UUID]:
    people = in_care(session)
    return [raised(session, people).id for _ in range(ALERTS)]


def _steps(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(session.scalars(select(CriticalAlertStep.step)))


def test_three_timers_at_once_take_each_step_once(fresh: Database, moved: Clock) -> None:
    (alerts,) = _together(fresh, _raised)
    for _ in range(3):
        moved.pass_minutes(15)
        _together(fresh, *[_escalate] * TIMERS)
    _together(fresh, *[_escalate] * TIMERS)
    assert _steps(fresh) == dict.fromkeys(CriticalStep, len(alerts))


def test_acknowledged_alerts_take_no_step_beside_the_timer(fresh: Database, moved: Clock) -> None:
    people: list[Actor] = []
    results: list[UUID] = []

    def prepare(session: Session) -> None:
        people.extend(in_care(session))
        results.extend(raised(session, (people[0], people[1])).result_id for _ in range(ALERTS))

    _together(fresh, prepare)
    moved.pass_minutes(15)
    doctors = [lambda session, one=one: acknowledge(session, people[0], one).id for one in results]
    _together(fresh, *doctors, *[_escalate] * TIMERS)
    moved.pass_minutes(600)
    _together(fresh, _escalate)
    assert _steps(fresh)[CriticalStep.ADMINS] == 0
    with fresh.read() as session:
        states = Counter(session.scalars(select(CriticalAlert.status)))
    assert states == {CriticalAlertStatus.ACKNOWLEDGED: ALERTS}


def test_one_of_many_doctors_acknowledges(fresh: Database) -> None:
    def prepare(session: Session) -> tuple[list[Actor], UUID]:
        people = in_care(session)
        doctors = [people[0], *(assigned(session, people[1]) for _ in range(DOCTORS - 1))]
        return doctors, raised(session, people).result_id

    ((doctors, result_id),) = _together(fresh, prepare)
    works = [lambda session, one=one: acknowledge(session, one, result_id).how for one in doctors]
    outcomes = Counter(map(str, _together(fresh, *works)))
    assert outcomes == {"read_back": 1, "already_acknowledged": DOCTORS - 1}
    with fresh.read() as session:
        assert len(session.scalars(select(CriticalAcknowledgement.id)).all()) == 1
