"""The erasure of a person from the tables that every service has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, update

from chassis import clock
from chassis.errors import Unavailable
from chassis.messaging.outbox import NUMBER
from chassis.persistence import tables
from chassis.persistence.database import Session
from chassis.persistence.erasure import ABOUT, erase_traces
from tests.databases import KINDS
from tests.ward import opened

PERSON = uuid4()


@pytest.fixture(params=KINDS)
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """A session on a ward's database."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("erasure") if server else f"sqlite:///{tmp_path}/ward.db"
    with opened(url) as database, Session(database.engine) as session:
        yield session
    if server:
        server.drop(url)


def _say(session: Session, *, about: UUID = PERSON, internal: bool = True, sequence: int | None) -> None:
    values = {"event_id": uuid4(), "name": "note_whispered", "internal": internal, "subject": str(about)}
    more = {"data": {"text": "private"}, "correlation_id": "c", "occurred_at": clock.now(), "sequence": sequence}
    session.execute(insert(tables.outbox), {**values, **more})


def _sent_through(session: Session, sequence: int) -> None:
    session.execute(update(tables.relay).values(sent_through=sequence))


def _events(session: Session) -> list[tuple[Any, ...]]:
    columns = tables.outbox.c
    query = select(columns.sequence, columns.name, columns.subject, columns.data).order_by(columns.position)
    return [tuple(row) for row in session.execute(query)]


def _keep(session: Session, actor: str, reply: Any) -> None:
    values = {"command": "write_note", "key": str(uuid4()), "fingerprint": "f", "created_at": clock.now()}
    session.execute(insert(tables.idempotency), {"actor": actor, "reply": reply, **values})


def test_sent_events_about_the_person_are_emptied_and_keep_their_numbers(session: Session) -> None:
    _say(session, sequence=1)
    _say(session, sequence=2)
    _sent_through(session, 2)
    erase_traces(session, PERSON)
    assert _events(session) == [(1, "erased", "", {}), (2, "erased", "", {})]


def test_the_next_event_follows_an_emptied_one(session: Session) -> None:
    _say(session, sequence=1)
    _sent_through(session, 1)
    erase_traces(session, PERSON)
    _say(session, about=uuid4(), sequence=None)
    session.execute(NUMBER, {"batch": 10})
    assert [sequence for sequence, *_rest in _events(session)] == [1, 2]


@pytest.mark.parametrize("change", [{"about": uuid4()}, {"internal": False}], ids=["about another", "public"])
def test_other_events_stay_as_they_are(session: Session, change: dict[str, Any]) -> None:
    _say(session, sequence=1, **change)
    _sent_through(session, 1)
    erase_traces(session, PERSON)
    assert _events(session)[0][3] == {"text": "private"}


@pytest.mark.parametrize("sequence", [None, 2], ids=["without a number", "with a number"])
def test_what_has_still_to_be_sent_is_not_lost(session: Session, sequence: int | None) -> None:
    _sent_through(session, 1)
    _say(session, sequence=sequence)
    with pytest.raises(Unavailable) as refused:
        erase_traces(session, PERSON)
    assert refused.value.code == "events_unsent"
    assert _events(session)[0][3] == {"text": "private"}


def test_what_another_waits_for_holds_nothing_up(session: Session) -> None:
    _say(session, about=uuid4(), sequence=None)
    erase_traces(session, PERSON)


@pytest.mark.parametrize("field", ABOUT)
def test_stored_replies_to_and_about_the_person_are_deleted(session: Session, field: str) -> None:
    _keep(session, str(PERSON), {"is": {"text": "mine"}})
    _keep(session, "", {"is": {field: str(PERSON), "text": "about me"}})
    erase_traces(session, PERSON)
    assert session.execute(select(tables.idempotency)).all() == []


@pytest.mark.parametrize("reply", [{"is": {"id": str(uuid4())}}, {"is": None}, {"is": ["text"]}, {"is": 1}, None])
def test_other_stored_replies_stay(session: Session, reply: Any) -> None:
    _keep(session, "another", reply)
    erase_traces(session, PERSON)
    assert len(session.execute(select(tables.idempotency)).all()) == 1
