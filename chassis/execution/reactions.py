"""Events and timers: work that a service does without a request, each in transactions of its own."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from chassis.call import Call
from chassis.event import Event
from chassis.execution.run import Host, add_events, retrying, wake
from chassis.identity import SYSTEM
from chassis.messaging import inbox
from chassis.persistence.database import Session


@dataclass(frozen=True)
class Reaction:
    """One event of a service's table, with its handler `service.on_event` and the handler's work."""

    event: type[Event]
    handler: str
    work: Callable[..., object]

    def run(self, host: Host, data: Mapping[str, object]) -> None:
        """Do the work of one event once, in one transaction with the claim of the event's id."""
        event = self.event.read(data, host.call.heard)
        retrying(lambda: self._handle(host, event))

    def _handle(self, host: Host, event: Event) -> None:
        with host.database.begin(host.call) as session:
            if inbox.claim(session, event.origin.event_id, self.handler):
                self.work(session, SYSTEM, event)
                add_events(session)
        wake(host, session)


@dataclass(frozen=True)
class Timer:
    """One timer of a service's table: its work, and the steps around an outside call if it has one."""

    name: str
    work: Callable[..., object]
    outside: Callable[..., object] | None = None
    then: Callable[..., object] | None = None

    @property
    def call(self) -> Call:
        """The request id of a timer is its name."""
        return Call(request_id=f"timer-{self.name}")

    def run(self, host: Host) -> None:
        """Do the work in one transaction, or around an outside call. One process at a time starts it."""
        plan = self._transact(host, lambda session: self._is_mine(session) and self.work(session, SYSTEM))
        if self.outside is not None and self.then is not None and plan:
            then, outcome = self.then, self.outside(plan)
            self._transact(host, lambda session: then(session, SYSTEM, plan, outcome))

    def _transact(self, host: Host, work: Callable[[Session], object]) -> object:
        with host.database.begin(self.call) as session:
            result = work(session)
            add_events(session)
        wake(host, session)
        return result

    def _is_mine(self, session: Session) -> bool:
        """Whether no other process works on this timer."""
        lock = select(func.pg_try_advisory_xact_lock(zlib.crc32(self.name.encode())))
        return not session.is_postgresql or bool(session.execute(lock).scalar_one())
