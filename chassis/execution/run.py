"""How commands, queries, events and timers are done: the three shapes of `serves`, and those of `hears` and `every`.

This is the one place that commits. Nameko sends the reply before `worker_result` runs, so the commit happens here,
inside the method, before there is a reply to send.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.contract import Command
from chassis.errors import REFUSALS, Forbidden, MatronError, NotFound
from chassis.event import Origin
from chassis.execution import audit, idempotency
from chassis.execution.waits import Waits
from chassis.identity import NOBODY, Actor, Verifier, check_right
from chassis.messaging import outbox
from chassis.messaging.outbox import Relay
from chassis.persistence.database import Database, Session
from chassis.refusals import INTERNAL, NO_ANSWER
from telemetry.logs import log, log_unexpected
from telemetry.metrics import HANDLED, TIMERS_FAILED
from transports import rows
from transports.engines import violated

TRIES = 4
SERIALIZATION_FAILURES = ("40001", "40P01")


@dataclass(slots=True)
class Call:
    """What came with a request besides its payload."""

    token: str = ""
    request_id: str = ""
    key: str = ""
    address: str = ""
    device: str = ""
    if_match: str = ""
    expires_at: float | None = None
    """Unix time at which the caller gives up."""
    origin: Origin | None = None

    def check_deadline(self) -> None:
        """`NoAnswer` when the caller has given up already: nothing is begun then."""
        if self.expires_at is not None and time.time() > self.expires_at:
            raise NO_ANSWER("The request came too late to be begun.")


class Host(Protocol):
    """What the shapes need of a service."""

    name: str
    database: Database
    relay: Relay
    verifier: Verifier
    waits: Waits
    call: Call


@dataclass(frozen=True, slots=True)
class Refused:
    """What a command's use case returns to refuse although what it wrote must stay, such as a count of failed tries.

    The transaction is committed, then the error is raised. Only for commands without a key (`keyed = False`), because a
    key must not be taken by a refusal.
    """

    error: MatronError


@dataclass(frozen=True)
class Shape:
    """One entry of a service's table: the contract, the use case, and the steps around an outside call."""

    contract: type[Command]
    use_case: Callable[..., Any]
    outside: Callable[..., Any] | None = None
    then: Callable[..., Any] | None = None

    def run(self, host: Host, payload: Mapping[str, Any]) -> Any:
        """Answer one request; returns the reply as plain data."""
        return Run(self, host, payload).answer()


@dataclass
class Run:
    """The execution of one request: which entry of the table, in which service, with which payload, for whom."""

    shape: Shape
    host: Host
    payload: Mapping[str, Any]
    actor: Actor = NOBODY
    command: Command | None = None
    """The payload, once it is read."""

    @property
    def contract(self) -> type[Command]:
        """The contract of the request."""
        return self.shape.contract

    def answer(self) -> Any:
        """Check the right, read the payload and do the work; returns the reply as plain data."""
        self.host.call.check_deadline()
        self.actor = _asking(self.host)
        try:
            check_right(self.actor, self.contract)
            self.command = self.contract.read(self.payload)
            reply = self._work()
        except MatronError as error:
            self._audit_refusal(error)
            raise
        if isinstance(reply, Refused):
            raise reply.error
        return reply

    def _audit_refusal(self, error: MatronError) -> None:
        """Record a refusal. One of an unknown caller is left out, unless it names a person: strangers could fill it."""
        if error.noted is None and (not isinstance(error, (Forbidden, NotFound)) or self.actor.id is None):
            return
        record = audit.named_in(self.command, self.actor)
        table, row = audit.row_of(self.actor, self.contract.method(), record, allowed=False)
        with self.host.database.begin() as session:
            rows.add(session, [(table, {**row, **(error.noted or {})})])

    def _work(self) -> Any:
        if self.shape.outside is not None and self.shape.then is not None:
            return self._three_steps(self.shape.outside, self.shape.then)
        return self._waiting(self._query if self.contract.reads else self._command)

    def _waiting(self, work: Callable[[], Any]) -> Any:
        """Do the first transaction of the request, which waits for events of other services."""
        fields = self.command.given() if self.command else {}
        return self.host.waits.known(lambda: retrying(work), self.actor.id, fields, self.host.call.expires_at)

    def _query(self) -> Any:
        with self.host.database.read() as session:
            return self.contract.reply(self.shape.use_case(session, self.actor, self.command))

    def _command(self) -> Any:
        try:
            return self._transact()
        except REFUSALS:
            done = self._done_before()
            if done is None:
                raise
        except IntegrityError as error:
            done = self._done_before() if violated(error) in idempotency.KEY_TAKEN else None
            if done is None:
                raise
        return done.reply["is"]

    def _transact(self) -> Any:
        with self.host.database.begin() as session:
            reply = self._finish(session, self.shape.use_case(session, self.actor, self.command))
        wake(self.host, session)
        return reply

    def _done_before(self) -> idempotency.Claim | None:
        """What is stored under the key: the request may repeat one that was done."""
        if not self.contract.keyed:
            return None
        with self.host.database.read() as session:
            return idempotency.find(session, self.actor, self.contract, self.payload)

    def _three_steps(self, outside: Callable[..., Any], then: Callable[..., Any]) -> Any:
        held, plan = self._waiting(self._prepare)
        if held is not None and held.reply is not None:
            return held.reply["is"]
        outcome = outside(plan, self.command)
        return retrying(lambda: self._record(held, lambda s: then(s, self.actor, plan, outcome, self.command)))

    def _prepare(self) -> tuple[idempotency.Claim | None, Any]:
        if not self.contract.keyed:  # Without a key there is nothing to keep: the first step only reads.
            with self.host.database.read() as session:
                return None, self.shape.use_case(session, self.actor, self.command)
        with self.host.database.begin() as session:
            held = idempotency.claim(session, self.actor, self.contract, self.payload)
            if not held.fresh:
                return held, held.plan and held.plan["is"]
            plan = self.shape.use_case(session, self.actor, self.command)
            idempotency.store_plan(session, held, plan)
            add_events(session, self.actor)
        wake(self.host, session)
        return held, plan

    def _record(self, held: idempotency.Claim | None, then: Callable[[Session], Any]) -> Any:
        with self.host.database.begin() as session:
            done = idempotency.done(session, held, self.contract, self.payload) if held is not None else None
            if done is not None:
                return done["is"]  # A second request with the key was faster.
            reply = self._finish(session, then(session), held)
        wake(self.host, session)
        return reply

    def _finish(self, session: Session, result: Any, held: idempotency.Claim | None = None) -> Any:
        """Write the use case's rows, then events, audit and stored reply; returns the reply, or the refusal."""
        refused = isinstance(result, Refused)
        if refused and self.contract.keyed:
            raise TypeError(f"{self.contract.__name__} has a key, which a refusal must not take")
        reply = result if refused else self.contract.reply(result)
        table, audited = audit.row_of(self.actor, self.contract.method(), _record_of(reply), allowed=not refused)
        more: list[rows.Row] = [(table, {**audited, **session.noted})]
        if self.contract.keyed and held is None:
            more.append(idempotency.row_of(self.actor, self.contract, self.payload, reply))
        add_events(session, self.actor, more)
        if held is not None:
            idempotency.store(session, held, self.contract, self.payload, reply)
        return reply


def _record_of(reply: Any) -> UUID | None:
    """The id in a reply: a UUID from a compiled view, text from marshmallow."""
    record = reply.get("id") if isinstance(reply, dict) else None
    return UUID(record) if isinstance(record, str) else record


def add_events(session: Session, actor: Actor, more: Sequence[rows.Row] = ()) -> None:
    """Flush the use case's rows, then add those that it appended and the outbox rows of what it published."""
    session.flush()
    rows.add(session, [*session.appended, *outbox.rows_of(session, actor), *more])


def wake(host: Host, session: Session) -> None:
    """Tell the relay, if something was published."""
    if session.published:
        host.relay.wake()


def _asking(host: Host) -> Actor:
    call = host.call
    actor = host.verifier.actor(call.token) if call.token else NOBODY
    names = ("request_id", "key", "address", "device", "if_match")
    return replace(actor, **{name: getattr(call, name) for name in names})


def retrying(work: Callable[[], Any]) -> Any:
    """Do a transaction again when the database broke off one of two that stood in each other's way."""
    left = TRIES
    while True:
        try:
            return work()
        except DBAPIError as error:
            left -= 1
            if getattr(error.orig, "sqlstate", None) not in SERIALIZATION_FAILURES or left == 0:
                raise


def masked(host_name: str, kind: str, name: str, work: Callable[[], Any], request_id: str) -> Any:
    """Run it, measure it, write its one log line, and let nothing unexpected out."""
    began, outcome = time.perf_counter(), "done"
    try:
        return work()
    except MatronError as error:
        outcome = error.code
        raise
    except Exception as error:  # noqa: BLE001  the text of an unexpected exception must not leave
        outcome = "internal"
        constraint = violated(error) if isinstance(error, DBAPIError) else ""
        log_unexpected("unexpected", error, service=host_name, name=name, request_id=request_id, constraint=constraint)
        failure = INTERNAL()
        failure.cause = type(error).__name__
        raise failure from None
    finally:
        seconds = time.perf_counter() - began
        HANDLED.labels(host_name, kind, name, outcome).observe(seconds)
        if kind == "timer" and outcome != "done":
            TIMERS_FAILED.labels(host_name, name).inc()
        tell = log.debug if kind in ("timer", "routine") and outcome == "done" else log.info
        tell(kind, service=host_name, name=name, outcome=outcome, ms=round(seconds * 1000, 1), request_id=request_id)
