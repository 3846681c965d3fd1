"""A host of the ward's commands without nameko and without a broker: what the shapes of execution need, and no more."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import eventlet
from sqlalchemy import Table, func, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.call import Call
from chassis.errors import MatronError
from chassis.event import Origin
from chassis.execution.reactions import Reaction
from chassis.execution.run import Operation, OutsideOperation
from chassis.execution.waits import Waits
from chassis.identity import Actor
from chassis.persistence.database import Database
from tests import ward

NURSE = Actor(id=UUID(int=1), roles=frozenset({"nurse"}), verified=True)


class FakeHost:
    """One worker's view of the service; `woken` counts the relay's wakes."""

    name = "ward"

    def __init__(self, database: Database, *, actor: Actor = NURSE, key: str = "key", token: str = "token") -> None:  # noqa: S107
        self.database, self.who, self.woken = database, actor, 0
        self.call = Call(token=token, request_id="request-1", key=key, address="10.0.0.7")
        self.relay: Any = self
        self.verifier: Any = self
        self.waits = Waits(4)

    def wake(self) -> None:
        """Count a wake of the relay."""
        self.woken += 1

    def actor(self, _token: str) -> Actor:
        """The actor of any token."""
        return self.who


WRITE = Operation(ward.WriteNote, ward.write)
SEND = OutsideOperation(ward.SendNote, ward.prepare, ward.outside, ward.record)
TRY = Operation(ward.TryCode, ward.try_code)
GREET = Operation(ward.Greet, ward.greet)


def run(shape: Operation, database: Database, payload: Mapping[str, Any] | None = None, **host: Any) -> Any:
    """Do a command as the service would; the reply."""
    return shape.run(FakeHost(database, **host), {"text": "a note"} if payload is None else payload)


def hear(database: Database, *, event_id: UUID | None = None, sequence: int = 1, note_id: UUID | None = None) -> None:
    """Let the desk hear of a note."""
    host = FakeHost(database)
    origin = Origin(event_id or uuid7(), "ward", "note_written", sequence, clock.now(), "s", "request-9")
    host.call = replace(host.call, origin=origin)
    reaction = Reaction(ward.NoteWritten, "desk.on_note_written", ward.hear)
    reaction.run(host, {"note_id": str(note_id or uuid7())})


def outcome(work: Callable[[], Any]) -> str:
    """`done`, or the code of the refusal."""
    try:
        work()
    except MatronError as refusal:
        return refusal.code
    return "done"


def at_once(times: int, work: Callable[[], Any]) -> list[Any]:
    """What each returned when it was done several times at once."""
    with eventlet.Timeout(30):
        return [thread.wait() for thread in [eventlet.spawn(work) for _ in range(times)]]


def count(database: Database, table: Table | type) -> int:
    """How many rows a table has."""
    with database.read() as session:
        return int(session.execute(select(func.count()).select_from(table)).scalar_one())


def rows(database: Database, table: Table) -> list[Any]:
    """The rows of a table, in the order of its key."""
    with database.read() as session:
        return list(session.execute(select(table).order_by(*table.primary_key)))
