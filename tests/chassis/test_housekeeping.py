"""What is thrown away in time, and what is not."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from uuid_utils.compat import uuid7

from chassis import clock, housekeeping
from chassis.database import Database, Session
from chassis.identity import Actor
from chassis.tables import inbox, outbox, relay


def old() -> datetime:
    """When an event was, of which nothing need be kept."""
    return clock.now() - housekeeping.EVENTS_KEPT - timedelta(days=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, databases: Callable[[str, str], Database]) -> Database:
    """Any service's database will do."""
    return databases("notify", request.param)


def sent(session: Session, *sequences: int) -> None:
    """Old events with these sequences, sent through the last but one."""
    facts = {"name": "n", "subject": "s", "data": {}, "correlation_id": "c", "occurred_at": old(), "internal": False}
    session.execute(insert(outbox), [{**facts, "event_id": uuid7(), "sequence": number} for number in sequences])
    through = max(sequences)
    session.execute(update(relay).where(relay.c.internal.is_(False)).values(sent_through=through))


def kept(session: Session) -> list[int | None]:
    return list(session.scalars(select(outbox.c.sequence).order_by(outbox.c.sequence)))


def test_old_events_go_but_the_last_one_stays_so_that_the_sequence_goes_on(session: Session) -> None:
    sent(session, 1, 2, 3)
    housekeeping.tidy(session, Actor.system())
    assert kept(session) == [3]


def test_an_event_that_was_not_sent_stays_however_old(session: Session) -> None:
    sent(session, 1, 2, 3)
    session.execute(update(relay).values(sent_through=1))
    housekeeping.tidy(session, Actor.system())
    assert kept(session) == [2, 3]


def test_claims_of_old_events_go(session: Session) -> None:
    session.execute(insert(inbox), {"event_id": uuid7(), "handler": "h", "handled_at": old()})
    session.execute(insert(inbox), {"event_id": uuid7(), "handler": "h", "handled_at": clock.now()})
    housekeeping.tidy(session, Actor.system())
    assert session.scalar(select(func.count()).select_from(inbox)) == 1


def test_an_empty_database_is_left_alone(session: Session) -> None:
    housekeeping.tidy(session, Actor.system())
    assert kept(session) == []
