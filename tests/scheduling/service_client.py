"""A client of the scheduling service. Requests run as in production, with roles, commits and events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from nameko.extensions import Extension
from uuid_utils.compat import uuid7

from chassis.contract import Command
from chassis.errors import MatronError
from chassis.identity import Actor
from chassis.persistence.database import Database
from services.scheduling.service import SchedulingService
from tests.chassis.hosts import FakeHost
from transports.timers import WakingTimer

DONE = "done"


@dataclass
class ManualClock:
    """A clock that stands still until a test sets it. It replaces `chassis.clock.now`."""

    at: datetime

    def now(self) -> datetime:
        """The time of the clock."""
        return self.at


@dataclass(frozen=True)
class Answer:
    """The outcome of a request: `done` with the reply, or the code of the refusal."""

    code: str
    reply: Any = None
    refusal: MatronError | None = None

    @property
    def error(self) -> tuple[Any, ...]:
        """All facts about the refusal that the caller sees."""
        return (type(self.refusal), *self.refusal.args) if self.refusal is not None else ()


def ask(
    database: Database, actor: Actor, contract: type[Command], payload: Mapping[str, Any], *, if_match: str = ""
) -> Answer:
    """Send a request to the service. An unexpected error is a refusal with the code `internal`."""
    host = FakeHost(database, actor=actor, key=str(uuid7()))
    host.call = replace(host.call, if_match=if_match)
    try:
        reply = getattr(SchedulingService, contract.method())(host, **orjson.loads(orjson.dumps(payload)))
    except MatronError as refusal:
        return Answer(refusal.code, refusal=refusal)
    return Answer(DONE, reply)


def run_all_timers(database: Database) -> None:
    """Run each timer of the service once."""
    for member in vars(SchedulingService).values():
        if any(isinstance(each, WakingTimer) for each in _entrypoints(member)):
            member(FakeHost(database))


def _entrypoints(member: Any) -> Iterator[Extension]:
    yield from getattr(member, "nameko_entrypoints", ())
