"""Overdue observations are published once for each reading."""

import pytest
from sqlalchemy import select

from chassis.execution.run import add_events
from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from contracts.clinical.observations import ObservationsOverdue
from services.clinical.models.observations import OverdueNotice
from services.clinical.observations import timers
from tests.clinical.factories import hours, published
from tests.clinical.observations_factories import ended
from tests.clinical.vitals_factories import ILL, RED, adult, measured, withdrawn


def tick(session: Session) -> list[object]:
    """Run the timer; return the readings that it publishes."""
    session.published.clear()
    timers.announce_overdue(session, SYSTEM)
    add_events(session)
    session.appended.clear()
    return [event["vitals_id"] for event in published(session, ObservationsOverdue)]


def test_overdue_reading_is_published_once(session: Session) -> None:
    reading = measured(session, adult(session), measured_at=hours(-2), **RED)
    assert [tick(session), tick(session)] == [[reading["id"]], []]
    assert session.scalars(select(OverdueNotice.vitals_id)).all() == [reading["id"]]


def test_event_has_level_and_times(session: Session) -> None:
    person = adult(session)
    reading = measured(session, person, measured_at=hours(-2), **RED)
    tick(session)
    assert published(session, ObservationsOverdue) == [
        {
            "vitals_id": reading["id"],
            "patient_id": person,
            "measured_at": reading["measured_at"],
            "level": "red_parameter",
            "next_due_at": reading["news2"]["next_due_at"],
        }
    ]


@pytest.mark.parametrize(("away", "is_late"), [(-1.2, False), (-1.3, True)])
def test_reading_is_late_after_a_quarter_of_an_hour(session: Session, away: float, is_late: bool) -> None:  # noqa: FBT001  a parameter
    measured(session, adult(session), measured_at=hours(away), **RED)
    assert bool(tick(session)) == is_late


def test_next_overdue_reading_is_published_again(session: Session) -> None:
    person = adult(session)
    first = measured(session, person, measured_at=hours(-3), **RED)
    assert tick(session) == [first["id"]]
    second = measured(session, person, measured_at=hours(-2), **RED)
    assert tick(session) == [second["id"]]


def test_ended_and_withdrawn_readings_are_not_published(session: Session) -> None:
    person = adult(session)
    measured(session, person, measured_at=hours(-2), **RED)
    ended(session, person)
    withdrawn(session, measured(session, adult(session), measured_at=hours(-2), **ILL)["id"])
    assert tick(session) == []
