"""`serves`, `hears` and `every`: the lines of a service's table, and the nameko entrypoints behind them."""

import math
from collections.abc import Callable
from typing import Any, TypeVar, overload

import eventlet
import orjson
from nameko.events import EventHandler
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import register_entrypoint
from nameko.rpc import Rpc

from chassis.contract import Command
from chassis.errors import MatronError
from chassis.event import Event, Origin
from chassis.execution.reactions import Reaction, Timer
from chassis.execution.resources import CurrentCall, Resource
from chassis.execution.run import Host, Operation, OutsideOperation, masked
from chassis.identity import Actor
from chassis.messaging.consumer import Broker
from chassis.messaging.delivery import MAX_DELIVERIES, Undeliverable, WrongAccount, is_outage
from chassis.messaging.outbox import origin_of
from chassis.persistence import housekeeping
from chassis.persistence.database import Session
from chassis.refusals import INTERNAL, MALFORMED, NO_SUCH_METHOD
from telemetry.logs import log_unexpected
from telemetry.metrics import TIMERS_FAILED
from transports.links import BROKER_ERRORS
from transports.timers import WakingTimer

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)
Plan = TypeVar("Plan")
Outcome = TypeVar("Outcome")
Step = Callable[..., object]
PATIENCE_SECONDS, OUTAGE_SECONDS = 0.5, 2.0
UNREADABLE = (KeyError, ValueError, TypeError, AttributeError)


class Served(Rpc):
    """Nameko's rpc entrypoint on our broker links."""

    broker = Broker()
    rpc_consumer = None

    def setup(self) -> None:
        """Take the requests for this method."""
        self.broker.on_rpc[self.method_name] = self.handle_message
        self.broker.on_rpc.setdefault("", self._unknown)

    def stop(self) -> None:
        """Take no more."""
        self.broker.stop_consuming()

    def handle_message(self, message: Any) -> None:
        """Start a worker on the request, and refuse a request that is not readable."""
        try:
            body = orjson.loads(message.body)
            args, kwargs = body["args"], body["kwargs"]
            if args or not isinstance(kwargs, dict):
                raise TypeError
            context = self.unpack_message_headers(message)
        except UNREADABLE:
            self._answer(message, None, MALFORMED())
            return
        try:
            self.container.spawn_worker(
                self, (), kwargs, context_data=context, handle_result=lambda _ctx, *done: self._handle(message, *done)
            )
        except ContainerBeingKilled:
            self.broker.settle(message.requeue)

    def unpack_message_headers(self, message: Any) -> dict[str, Any]:
        """The headers of the request without nameko's prefix. ValueError, TypeError: the deadline is not a time."""
        found = {name.removeprefix("nameko."): value for name, value in message.headers.items()}
        if not math.isfinite(float(found.get("deadline") or 0)):
            raise ValueError
        return found

    def _unknown(self, message: Any) -> None:
        self._answer(message, None, NO_SUCH_METHOD())

    def _handle(self, message: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        error = exc_info[1] if exc_info else None
        self._answer(message, result, error if error is None or isinstance(error, MatronError) else INTERNAL())
        return result, None

    def _answer(self, message: Any, result: Any, error: MatronError | None) -> None:
        try:
            body = orjson.dumps({"result": result, "error": error.as_dict() if error else None})
        except TypeError as unwritable:  # Raised from here it would end the process.
            log_unexpected("unwritable answer", unwritable, service=self.broker.service)
            body = orjson.dumps({"result": None, "error": INTERNAL().as_dict()})
        revision = result.get("revision") if isinstance(result, dict) else None
        self.broker.reply(message, body, {} if revision is None else {"revision": str(revision)})


class Heard(EventHandler):
    """Nameko's event entrypoint on our broker links, with retries, dead letters and CloudEvents."""

    broker = Broker()
    queue_consumer = None

    def __init__(self, event: type[Event], wakes: str) -> None:
        self.event, self.wakes = event, wakes
        super().__init__(event.service, event.event_name())

    def setup(self) -> None:
        """Take the events of this handler's queue."""
        handler = f"{self.container.service_name}.{self.method_name}"
        if handler not in self.event.heard_by:
            raise TypeError(f"{self.event.__name__}.heard_by does not name {handler}")
        self.queue = self.event.queue_of(handler)
        self.broker.on_event[self.queue] = (self.event, handler, self.handle_message)

    def stop(self) -> None:
        """Take no more."""
        self.broker.stop_consuming()

    def handle_message(self, message: Any) -> None:
        """Start a worker on the event. Forged, unreadable and deadly events become dead letters."""
        try:
            data, origin = self._read(message)
        except (*UNREADABLE, Undeliverable) as error:
            fault = error if isinstance(error, Undeliverable) else Undeliverable()
            self.container.spawn_managed_thread(lambda: self._settle(message, fault))
            return
        try:
            self.container.spawn_worker(
                self,
                (),
                data,
                context_data={"origin": origin, "request_id": origin.correlation_id},
                handle_result=lambda _ctx, _result, exc_info: self._settle(message, exc_info and exc_info[1]),
            )
        except ContainerBeingKilled:
            self.broker.settle(message.requeue)

    def _read(self, message: Any) -> tuple[dict[str, Any], Origin]:
        if not self.broker.senders.take(message.properties, message.headers, self.event.service):
            raise WrongAccount
        data, origin = orjson.loads(message.body), origin_of(message.headers)
        deadly = int(message.headers.get("x-delivery-count") or 0) >= MAX_DELIVERIES
        if deadly or self.event.schema().validate(data):
            raise Undeliverable
        return data, origin

    def _settle(self, message: Any, error: BaseException | None) -> tuple[Any, Any]:
        """Acknowledge a handled event. Send a failed event on, and acknowledge it only once another queue has it."""
        for timer in self.container.entrypoints:
            if timer.method_name == self.wakes and error is None:
                timer.wake()
        done = error is None or self._send_on(message, error)
        self.broker.settle(message.ack if done else message.requeue)
        return None, None

    def _send_on(self, message: Any, error: BaseException) -> bool:
        """Whether another queue has the event. Waits while the broker takes nothing: handing it back would spin."""
        if is_outage(error):
            eventlet.sleep(OUTAGE_SECONDS)  # Until the database is back, it goes round and round, but slowly.
        while not self.broker.stopping and self.broker.consuming.is_up:
            try:
                self.broker.delivery.fail(message, self.queue, error)
            except BROKER_ERRORS:
                eventlet.sleep(PATIENCE_SECONDS)
            except Exception as unexpected:  # noqa: BLE001  raised from here it would end the process, and the next one
                log_unexpected("failed event kept", unexpected, service=self.broker.service)
                eventlet.sleep(PATIENCE_SECONDS)
                return False
            else:
                return True
        return False


class Every(WakingTimer):
    """A timer whose failures are logged and do not end it; a handler of its service may wake it."""

    def __init__(self, interval: float, name: str) -> None:
        self.name = name
        super().__init__(interval)

    def setup(self) -> None:
        """Show the counter of failures from the start: an alert sees no increase from nothing to 1."""
        TIMERS_FAILED.labels(self.container.service_name, self.name)


@overload
def serves(contract: type[C], use_case: Callable[[Session, Actor, C], Any]) -> Step: ...
@overload
def serves(
    contract: type[C],
    use_case: Callable[[Session, Actor, C], Plan],
    *,
    outside: Callable[[Plan, C], Outcome],
    then: Callable[[Session, Actor, Plan, Outcome, C], Any],
) -> Step: ...
def serves(contract: type[Command], use_case: Step, *, outside: Step | None = None, then: Step | None = None) -> Step:
    """Answer a command or query with a use case `(session, actor, command)`.

    With `outside` and `then` the work has three steps: transaction, call, transaction. The use case returns a plan,
    stored as plain JSON, so that a repeated request continues after a crash. `outside(plan, command)` runs without a
    transaction. `then(session, actor, plan, outcome, command)` writes the outcome. The first step of a command without
    a key only reads.
    """
    operation = (
        OutsideOperation(contract, use_case, outside, then) if outside and then else Operation(contract, use_case)
    )
    kind = "routine" if contract.routine else "query" if contract.reads else "command"

    def method(self: Host, **payload: Any) -> Any:
        work = lambda: operation.run(self, payload)  # noqa: E731  the call, put off until `masked` measures it
        return masked(self.name, kind, contract.method(), work, self.call.request_id)

    method.__doc__, method.__name__ = contract.__doc__, contract.method()
    method.contract = contract  # type: ignore[attr-defined]  # the table is read by it
    register_entrypoint(method, Served(expected_exceptions=MatronError))
    return method


def hears(event: type[E], work: Callable[[Session, Actor, E], Any], *, wakes: str = "") -> Step:
    """Act on an event, once, with `work(session, actor, event)`.

    `wakes` names a timer of the same service that has work after the commit.
    """

    def method(self: Host, **data: Any) -> None:
        reaction = Reaction(event, f"{self.name}.on_{event.event_name()}", work)
        run = lambda: reaction.run(self, data)  # noqa: E731  the call, put off until `masked` measures it
        masked(self.name, "event", reaction.handler, run, self.call.correlation_id)

    method.__doc__, method.__name__ = work.__doc__, f"on_{event.event_name()}"
    method.event = event  # type: ignore[attr-defined]  # the table is read by it
    register_entrypoint(method, Heard(event, wakes))
    return method


def every(
    seconds: float,
    work: Callable[[Session, Actor], Any],
    *,
    outside: Callable[[Any], Any] | None = None,
    then: Callable[[Session, Actor, Any, Any], Any] | None = None,
) -> Step:
    """Do `work(session, actor)` at this pace, in one process at a time; with `outside` and `then` as in `serves`."""
    timer = Timer(f"{work.__module__}.{work.__name__}", work, outside, then)

    def method(self: Host) -> None:
        masked(self.name, "timer", timer.name, lambda: timer.run(self), timer.call.request_id)

    method.__doc__, method.__name__ = work.__doc__, work.__name__
    register_entrypoint(method, Every(seconds, timer.name))
    return method


class Service:
    """Base of the services. A subclass is a table of everything that it does, and has no logic."""

    name: str
    database = Resource()
    relay = Resource()
    waits = Resource()
    verifier = Resource()
    call = CurrentCall()

    tidy = every(housekeeping.PACE, housekeeping.tidy)
