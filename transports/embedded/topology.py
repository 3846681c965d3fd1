"""The part of a channel that creates and deletes exchanges, queues and bindings, with kombu's signatures."""
# ruff: noqa: FBT001, FBT002, A002 -- the signatures are kombu's; `_` are its other arguments, such as `nowait`

import uuid
from typing import Any

from amqp import exceptions as amqp
from kombu.transport import base

from transports.embedded.connection import Connection
from transports.embedded.model import Exchange, Queue
from transports.embedded.server import TYPES, Broker

Arguments = dict[str, Any] | None


class Topology(base.StdChannel):
    """Declarations. A repeated equal declaration has no effect."""

    connection: Connection | None
    _broker: Broker

    def _open(self) -> Connection:
        if self.connection is None:
            raise amqp.RecoverableConnectionError("connection already closed")
        return self.connection

    def _exchange(self, name: str) -> Exchange:
        self._open()
        if name not in self._broker.exchanges:
            raise amqp.NotFound(f"NOT_FOUND - no exchange '{name}'")
        return self._broker.exchanges[name]

    def _queue(self, name: str) -> Queue:
        connection = self._open()
        if name not in self._broker.queues:
            raise amqp.NotFound(f"NOT_FOUND - no queue '{name}'")
        queue = self._broker.queues[name]
        if queue.owner not in (None, connection):
            raise amqp.ResourceLocked(f"RESOURCE_LOCKED - queue '{name}' belongs to another connection")
        return queue

    def exchange_declare(
        self,
        exchange: str,
        type: str = "direct",
        *,
        passive: bool = False,
        durable: bool = False,
        auto_delete: bool = True,
        arguments: Arguments = None,
        **_: Any,
    ) -> None:
        """Declare an exchange. No effect if an equal exchange exists."""
        self._open()
        wanted = Exchange(exchange, type, durable, auto_delete, dict(arguments or {}))
        if passive:
            self._exchange(exchange)
        elif exchange in self._broker.exchanges:
            _check(self._exchange(exchange), wanted, "type", "durable", "auto_delete")
        elif type in TYPES:
            self._broker.add(wanted)
            self._broker.commit()
        else:
            raise amqp.AMQPNotImplementedError(f"NOT_IMPLEMENTED - exchange type '{type}'")

    def exchange_delete(self, exchange: str, if_unused: bool = False, **_: Any) -> None:
        """Delete an exchange and its bindings. No effect if it does not exist."""
        self._open()
        if exchange in self._broker.exchanges:
            if if_unused and self._exchange(exchange).bindings:
                raise amqp.PreconditionFailed(f"PRECONDITION_FAILED - exchange '{exchange}' in use")
            self._broker.remove(self._exchange(exchange))
            self._broker.commit()

    def exchange_bind(self, destination: str, source: str = "", routing_key: str = "", **_: Any) -> None:
        """Route messages of `source` with this key to `destination`."""
        self._broker.bind(self._exchange(source), self._exchange(destination), routing_key)
        self._broker.commit()

    def exchange_unbind(self, destination: str, source: str = "", routing_key: str = "", **_: Any) -> None:
        """Undo `exchange_bind`."""
        self._broker.unbind(self._exchange(source), self._exchange(destination), routing_key)
        self._broker.commit()

    def queue_declare(
        self,
        queue: str = "",
        *,
        passive: bool = False,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = True,
        arguments: Arguments = None,
        **_: Any,
    ) -> tuple[str, int, int]:
        """Declare a queue. No effect if an equal queue exists. Return its name, ready messages and consumers."""
        owner = self._open() if exclusive else None
        name = queue or f"amq.gen-{uuid.uuid4().hex}"
        wanted = Queue(name, durable and not exclusive, auto_delete, dict(arguments or {}), owner)
        if not passive and name not in self._broker.queues:
            self._broker.add(wanted)
            self._broker.commit()
        found = self._queue(name)
        if not passive:
            _check(found, wanted, "durable", "auto_delete", "arguments", "owner")
        self._broker.restart_idle_timer(found)
        return name, len(found.ready), len(found.consumers)

    def queue_bind(self, queue: str, exchange: str = "", routing_key: str = "", **_: Any) -> None:
        """Route messages of the exchange with this key to the queue."""
        self._broker.bind(self._exchange(exchange), self._queue(queue), routing_key)
        self._broker.commit()

    def queue_unbind(self, queue: str, exchange: str, routing_key: str = "", **_: Any) -> None:
        """Undo `queue_bind`."""
        self._broker.unbind(self._exchange(exchange), self._queue(queue), routing_key)
        self._broker.commit()

    def queue_purge(self, queue: str = "", **_: Any) -> int:
        """Drop the ready messages of a queue. Return their number."""
        ready = self._queue(queue).ready
        count = len(ready)
        while ready:
            self._broker.forget(ready.popleft())
        self._broker.commit()
        return count

    def queue_delete(self, queue: str = "", if_unused: bool = False, if_empty: bool = False, **_: Any) -> int:
        """Delete a queue. Return the number of its ready messages. No effect if it does not exist."""
        self._open()
        if queue not in self._broker.queues:
            return 0
        found = self._queue(queue)
        if (if_unused and found.consumers) or (if_empty and found.ready):
            raise amqp.PreconditionFailed(f"PRECONDITION_FAILED - queue '{queue}' in use or not empty")
        self._broker.remove(found)
        self._broker.commit()
        return len(found.ready)


def _check(found: Queue | Exchange, wanted: Queue | Exchange, *facts: str) -> None:
    for fact in facts:
        if getattr(found, fact) != getattr(wanted, fact):
            raise amqp.PreconditionFailed(f"PRECONDITION_FAILED - inequivalent {fact} for '{found.name}'")
