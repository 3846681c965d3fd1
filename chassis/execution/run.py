"""The execution of commands and queries: one transaction, a read, or three steps around an outside call.

Only `chassis.execution` commits. Nameko sends the reply before `worker_result` runs, so the commit happens inside the
method, before there is a reply to send.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.call import Call
from chassis.contract import Command
from chassis.errors import REFUSALS, Forbidden, MatronError, NotFound
from chassis.execution import audit, idempotency
from chassis.execution.waits import Waits
from chassis.identity import NOBODY, Verifier, check_right
from chassis.messaging import outbox
from chassis.messaging.outbox import Relay
from chassis.persistence.database import Database, Session
from chassis.refusals import INTERNAL
from telemetry.logs import log, log_unexpected
from telemetry.metrics import HANDLED, TIMERS_FAILED
from transports import rows
from transports.engines import violated

T = TypeVar("T")
TRIES = 4
SERIALIZATION_FAILURES = ("40001", "40P01")


class Host(Protocol):
    """A service as its executions see it."""

    name: str
    database: Database
    relay: Relay
    verifier: Verifier
    waits: Waits
    call: Call


@dataclass(frozen=True, slots=True)
class Refused:
    """The result of a use case that refuses and keeps its writes, such as a count of failed tries.

    The transaction is committed, then the error is raised. Only commands without a key (`keyed = False`) may return
    it, because a refusal must not take a key.
    """

    error: MatronError


@dataclass(frozen=True)
class Operation:
    """One command or query of a service's table: the contract and the use case."""

    contract: type[Command]
    use_case: Callable[..., object]

    def run(self, host: Host, payload: Mapping[str, object]) -> object:
        """Answer one request; returns the reply as plain data."""
        return Run(self, host, payload).answer()


@dataclass(frozen=True)
class OutsideOperation(Operation):
    """One command with a call outside, between two transactions. The use case makes the plan for the call."""

    outside: Callable[..., object]
    then: Callable[..., object]

    def run(self, host: Host, payload: Mapping[str, object]) -> object:
        """Answer one request; returns the reply as plain data."""
        return OutsideRun(self, host, payload).answer()


class Run:
    """The execution of one request: of this operation, in this service, with this payload."""

    claims_key = False
    """Whether the first transaction writes the idempotency key, and not the last one."""

    def __init__(self, operation: Operation, host: Host, payload: Mapping[str, object]) -> None:
        self.operation, self.host, self.payload = operation, host, payload
        self.contract, self.call, self.actor = operation.contract, host.call, NOBODY
        self.command: Command | None = None

    @cached_property
    def key(self) -> idempotency.Key | None:
        """The idempotency key; None for a query, and if the contract stores no replies."""
        is_keyed = self.contract.keyed and not self.contract.reads
        return idempotency.Key(self.actor, self.contract, self.call.key, self.payload) if is_keyed else None

    def answer(self) -> object:
        """Check the right, read the payload and do the work; returns the reply as plain data."""
        self.call.check_deadline()
        if self.call.token:
            self.actor = self.host.verifier.actor(self.call.token)
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
        """Record a refusal. Strangers could fill the table: a refusal of theirs is recorded if it names a person."""
        if error.noted is None and (not isinstance(error, (Forbidden, NotFound)) or self.actor.id is None):
            return
        record = audit.named_in(self.command, self.actor)
        with self.host.database.begin(self.call) as session:
            table, row = audit.row_of(session, self.actor, self.contract.method(), record, allowed=False)
            rows.add(session, [(table, {**row, **(error.noted or {})})])

    def _work(self) -> object:
        return self._waiting(self._query if self.contract.reads and not self.contract.audited else self._command)

    def _waiting(self, work: Callable[[], T]) -> T:
        """Do the first transaction of the request. It waits for events of other services."""
        fields = self.command.given() if self.command else {}
        return self.host.waits.known(lambda: retrying(work), self.actor.id, fields, self.call.expires_at)

    def _query(self) -> object:
        with self.host.database.read(self.call) as session:
            return self.contract.reply(self._use(session))

    def _use(self, session: Session) -> object:
        return self.operation.use_case(session, self.actor, self.command)

    def _command(self) -> object:
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
        return done["is"]

    def _transact(self) -> object:
        with self.host.database.begin(self.call) as session:
            reply = self._finish(session, self._use(session))
        wake(self.host, session)
        return reply

    def _done_before(self) -> dict[str, object] | None:
        """The reply stored under the key, if the request repeats an earlier one."""
        if self.key is None:
            return None
        with self.host.database.read(self.call) as session:
            known = self.key.find(session)
        return None if known is None else known.reply

    def _finish(self, session: Session, result: object) -> object:
        """Write the use case's rows, then events, audit and stored reply; returns the reply, or the refusal."""
        refused = isinstance(result, Refused)
        if refused and self.key is not None:
            raise TypeError(f"{self.contract.__name__} has a key, which a refusal must not take")
        reply = result if refused else self.contract.reply(result)
        action, record = self.contract.method(), _record_of(reply)
        table, audited = audit.row_of(session, self.actor, action, record, allowed=not refused)
        stored = [] if self.key is None or self.claims_key else [self.key.row(reply)]
        add_events(session, [(table, {**audited, **session.noted}), *stored])
        return reply


class OutsideRun(Run):
    """The execution of a command around an outside call: transaction, call, transaction."""

    operation: OutsideOperation
    claims_key = True

    def _work(self) -> object:
        known = self._waiting(self._prepare)
        if known.reply is not None:
            return known.reply["is"]
        plan = known.plan and known.plan["is"]
        outcome = self.operation.outside(plan, self.command)
        return retrying(lambda: self._record(plan, outcome))

    def _prepare(self) -> idempotency.Known:
        """Claim the key and make the plan. Without a key there is nothing to keep: the first step only reads."""
        if self.key is None:
            with self.host.database.read(self.call) as session:
                return idempotency.Known({"is": self._use(session)}, None)
        with self.host.database.begin(self.call) as session:
            known = self.key.claim(session)
            if known is not None:
                return known
            plan = self._use(session)
            self.key.store_plan(session, plan)
            add_events(session)
        wake(self.host, session)
        return idempotency.Known({"is": plan}, None)

    def _record(self, plan: object, outcome: object) -> object:
        with self.host.database.begin(self.call) as session:
            done = self.key.lock(session).reply if self.key is not None else None
            if done is not None:
                return done["is"]  # A second request with the key was faster.
            reply = self._finish(session, self.operation.then(session, self.actor, plan, outcome, self.command))
            if self.key is not None:
                self.key.store(session, reply)
        wake(self.host, session)
        return reply


def _record_of(reply: object) -> UUID | None:
    """The id in a reply: a UUID from a compiled view, text from marshmallow."""
    record = reply.get("id") if isinstance(reply, dict) else None
    return UUID(record) if isinstance(record, str) else record


def add_events(session: Session, more: Sequence[rows.Row] = ()) -> None:
    """Flush the use case's rows, then add its appended rows and the outbox rows of its events."""
    session.flush()
    rows.add(session, [*session.appended, *outbox.rows_of(session), *more])


def wake(host: Host, session: Session) -> None:
    """Tell the relay, if something was published."""
    if session.published:
        host.relay.wake()


def retrying(work: Callable[[], T]) -> T:
    """Do a transaction again when the database broke off one of two that stood in each other's way."""
    left = TRIES
    while True:
        try:
            return work()
        except DBAPIError as error:
            left -= 1
            if getattr(error.orig, "sqlstate", None) not in SERIALIZATION_FAILURES or left == 0:
                raise


def masked(host_name: str, kind: str, name: str, work: Callable[[], T], request_id: str) -> T:
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
