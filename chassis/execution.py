"""How commands, queries, events and timers are done: the three shapes of `serves`, and those of `hears` and `every`.

This is the one place that commits. Nameko sends the reply before `worker_result` runs, so the commit happens here,
inside the method, before there is a reply to send.
"""

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis import auditing, idempotency, outbox
from chassis.contract import Command
from chassis.database import Database, Session
from chassis.errors import REFUSALS, Forbidden, MatronError, NoAnswer, NotFound, internal
from chassis.event import Origin
from chassis.identity import NOBODY, Actor, Verifier, check_right
from chassis.outbox import Relay
from chassis.waits import Waits
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
            raise NoAnswer("no_answer", "The request came too late to be begun.")


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
        """Do it, and return the reply as plain data."""
        host.call.check_deadline()
        actor, fields = _asking(host), dict[str, Any]()
        try:
            check_right(actor, self.contract)
            fields = self.contract.read(payload)
            reply = self._do(host, actor, fields, payload)
        except MatronError as error:
            # What nobody did is left out, unless it says of whom it is: strangers could fill the table.
            if error.noted is not None or (isinstance(error, (Forbidden, NotFound)) and actor.id is not None):
                record = auditing.named_in(self.contract, fields, actor)
                table, row = auditing.row_of(actor, self.contract.method(), record, allowed=False)
                with host.database.begin() as session:
                    rows.add(session, [(table, {**row, **(error.noted or {})})])
            raise
        return _answer(reply)

    def _do(self, host: Host, actor: Actor, fields: dict[str, Any], payload: Mapping[str, Any]) -> Any:
        if self.outside is not None:
            return self._three_steps(host, actor, fields, payload)
        work = self._query if self.contract.reads else self._command
        return _first(host, actor, fields, lambda: work(host, actor, fields, payload))

    def _query(self, host: Host, actor: Actor, fields: dict[str, Any], _payload: Mapping[str, Any]) -> Any:
        with host.database.read() as session:
            return self.contract.reply(self.use_case(session, actor, **fields))

    def _command(self, host: Host, actor: Actor, fields: dict[str, Any], payload: Mapping[str, Any]) -> Any:
        try:
            return self._transact(host, actor, fields, payload)
        except REFUSALS:
            done = self._done_before(host, actor, payload)
            if done is None:
                raise
        except IntegrityError as error:
            done = self._done_before(host, actor, payload) if violated(error) in idempotency.KEY_TAKEN else None
            if done is None:
                raise
        return done.reply["is"]

    def _transact(self, host: Host, actor: Actor, fields: dict[str, Any], payload: Mapping[str, Any]) -> Any:
        with host.database.begin() as session:
            reply = self._finish(session, actor, payload, self.use_case(session, actor, **fields))
        wake(host, session)
        return reply

    def _done_before(self, host: Host, actor: Actor, payload: Mapping[str, Any]) -> idempotency.Claim | None:
        """What is stored under the key: the request may be a repetition, whose work was done the first time."""
        if not self.contract.keyed:
            return None
        with host.database.read() as session:
            return idempotency.find(session, actor, self.contract, payload)

    def _three_steps(self, host: Host, actor: Actor, fields: dict[str, Any], payload: Mapping[str, Any]) -> Any:
        held, plan = _first(host, actor, fields, lambda: self._prepare(host, actor, fields, payload))
        if held is not None and held.reply is not None:
            return held.reply["is"]
        outcome = call_with(self.outside, plan, **fields)
        return retrying(lambda: self._record(host, actor, fields, payload, held, plan, outcome))

    def _prepare(
        self, host: Host, actor: Actor, fields: dict[str, Any], payload: Mapping[str, Any]
    ) -> tuple[idempotency.Claim | None, Any]:
        if not self.contract.keyed:  # Without a key there is nothing to keep: the first step only reads.
            with host.database.read() as session:
                return None, self.use_case(session, actor, **fields)
        with host.database.begin() as session:
            held = idempotency.claim(session, actor, self.contract, payload)
            if not held.fresh:
                return held, held.plan and held.plan["is"]
            plan = self.use_case(session, actor, **fields)
            idempotency.store_plan(session, held, plan)
            add_events(session, actor)
        wake(host, session)
        return held, plan

    def _record(
        self,
        host: Host,
        actor: Actor,
        fields: dict[str, Any],
        payload: Mapping[str, Any],
        held: idempotency.Claim | None,
        plan: Any,
        outcome: Any,
    ) -> Any:
        with host.database.begin() as session:
            done = idempotency.done(session, held, self.contract, payload) if held is not None else None
            if done is not None:
                return done["is"]  # A second request with the key was faster.
            result = call_with(self.then, session, actor, plan, outcome, **fields)
            reply = self._finish(session, actor, payload, result, held)
        wake(host, session)
        return reply

    def _finish(
        self,
        session: Session,
        actor: Actor,
        payload: Mapping[str, Any],
        result: Any,
        held: idempotency.Claim | None = None,
    ) -> Any:
        """Write the use case's rows, then events, audit and stored reply; the reply, or what was refused."""
        refused = isinstance(result, Refused)
        if refused and self.contract.keyed:
            raise TypeError(f"{self.contract.__name__} has a key, which a refusal must not take")
        reply = result if refused else self.contract.reply(result)
        table, audited = auditing.row_of(actor, self.contract.method(), _record_of(reply), allowed=not refused)
        more: list[rows.Row] = [(table, {**audited, **session.noted})]
        if self.contract.keyed and held is None:
            more.append(idempotency.row_of(actor, self.contract, payload, reply))
        add_events(session, actor, more)
        if held is not None:
            idempotency.store(session, held, self.contract, payload, reply)
        return reply


def _answer(reply: Any) -> Any:
    """The reply, or the refusal that has been committed."""
    if isinstance(reply, Refused):
        raise reply.error
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


def _first(host: Host, actor: Actor, fields: Mapping[str, Any], work: Callable[[], Any]) -> Any:
    """Do the first transaction of a request, which waits for news of other services."""
    return host.waits.known(lambda: retrying(work), actor.id, fields, host.call.expires_at)


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


@cache
def _keywords(function: Callable[..., Any]) -> frozenset[str] | None:
    """The keyword-only names that a function takes; None when it takes any."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


def call_with(function: Callable[..., Any] | None, *args: Any, **fields: Any) -> Any:
    """Call with those of the fields that the function names."""
    assert function is not None  # noqa: S101  for the type checker: only shapes with the step get here
    wanted = _keywords(function)
    return function(*args, **{n: v for n, v in fields.items() if wanted is None or n in wanted})


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
        failure = internal()
        failure.cause = type(error).__name__
        raise failure from None
    finally:
        seconds = time.perf_counter() - began
        HANDLED.labels(host_name, kind, name, outcome).observe(seconds)
        if kind == "timer" and outcome != "done":
            TIMERS_FAILED.labels(host_name, name).inc()
        tell = log.debug if kind in ("timer", "routine") and outcome == "done" else log.info
        tell(kind, service=host_name, name=name, outcome=outcome, ms=round(seconds * 1000, 1), request_id=request_id)
