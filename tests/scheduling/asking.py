"""Asking the scheduling service as a client does: through its own table, with tokens' roles, commits and events."""

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
class Clock:
    """A clock that stands until it is moved: put in the place of `chassis.clock.now`."""

    at: datetime

    def now(self) -> datetime:
        """The time that it shows."""
        return self.at


@dataclass(frozen=True)
class Answer:
    """What became of a request: `done` and the reply, or the refusal."""

    code: str
    reply: Any = None
    refusal: MatronError | None = None

    @property
    def told(self) -> tuple[Any, ...]:
        """All that a refused caller learns."""
        return (type(self.refusal), *self.refusal.args) if self.refusal is not None else ()


def ask(
    database: Database, actor: Actor, contract: type[Command], payload: Mapping[str, Any], *, if_match: str = ""
) -> Answer:
    """Have the service do it, whatever becomes of it. What is unexpected is a refusal with the code `internal`."""
    host = FakeHost(database, actor=actor, key=str(uuid7()))
    host.call = replace(host.call, if_match=if_match)
    try:
        reply = getattr(SchedulingService, contract.method())(host, **orjson.loads(orjson.dumps(payload)))
    except MatronError as refusal:
        return Answer(refusal.code, refusal=refusal)
    return Answer(DONE, reply)


def run_timers(database: Database) -> None:
    """Let every timer of the service do its work once."""
    for member in vars(SchedulingService).values():
        if any(isinstance(each, WakingTimer) for each in _entrypoints(member)):
            member(FakeHost(database))


def _entrypoints(member: Any) -> Iterator[Extension]:
    yield from getattr(member, "nameko_entrypoints", ())
