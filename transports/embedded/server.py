"""The broker: it routes messages into queues, delivers them to consumers in turn, and expires them.

It behaves like RabbitMQ in all features that we use. It lacks permissions, headers exchanges, priorities, length limits
and exclusive consumers, and does not detect dead-letter cycles. It stores unknown arguments, and ignores them.
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import eventlet
from amqp import exceptions as amqp

from transports.embedded.model import Client, Consumer, Entry, Exchange, Queue
from transports.embedded.store import Store

TYPES = ("direct", "topic", "fanout")
PERSISTENT = 2
ROUTES = 10_000  # limit of cached routes: keys of replies are used once and must not pile up


class Broker:
    """Exchanges, queues and connections. Clients change them through channels, which `commit` each step."""

    def __init__(self, name: str, path: Path | None = None) -> None:
        self.name = name
        self.connections: list[Client] = []
        self.exchanges = {f"amq.{kind}": Exchange(f"amq.{kind}", kind, durable=True) for kind in TYPES}
        self.queues: dict[str, Queue] = {}
        self.repliers: dict[str, Consumer] = {}
        self._numbers = itertools.count(1)
        self._routes: dict[tuple[str, str], tuple[Queue, ...]] = {}
        self._store = Store(path)
        self.commit = self._store.commit
        self._load()

    def _load(self) -> None:
        exchanges, queues = self._store.topology()
        self.exchanges |= exchanges
        self.queues |= queues
        for queue, entry in self._store.messages():
            queues[queue].ready.append(entry)
            self._numbers = itertools.count(entry.id + 1)
        for recovered in queues.values():
            self.dispatch(recovered)
            self.restart_idle_timer(recovered)
        self.commit()

    def _changed(self, *places: Queue | Exchange) -> None:
        self._routes.clear()
        if all(place.durable for place in places):
            self._store.put_topology(self.exchanges, self.queues)

    def add(self, place: Queue | Exchange) -> None:
        """Add a queue or an exchange."""
        if isinstance(place, Queue):
            self.queues[place.name] = place
        else:
            self.exchanges[place.name] = place
        self._changed(place)

    def bind(self, source: Exchange, place: Queue | Exchange, key: str) -> None:
        """Add a binding. A repeated binding has no effect."""
        if (place, key) not in source.bindings:
            source.bindings[place, key] = None
            self._changed(source, place)

    def unbind(self, source: Exchange, place: Queue | Exchange, key: str) -> None:
        """Remove a binding. An auto-delete exchange is deleted with its last binding."""
        if (place, key) in source.bindings:
            del source.bindings[place, key]
            self._changed(source, place)
            if source.auto_delete and not source.bindings:
                self.remove(source)

    def remove(self, place: Queue | Exchange) -> None:
        """Delete a queue with its messages, or an exchange, and its bindings. Notify the consumers."""
        if isinstance(place, Queue):
            self.queues.pop(place.name, None)
            self._end(place)
        else:
            self.exchanges.pop(place.name, None)
        for exchange in list(self.exchanges.values()):
            for bound, key in [binding for binding in exchange.bindings if binding[0] is place]:
                self.unbind(exchange, bound, key)
        self._changed(place)

    def _end(self, queue: Queue) -> None:
        self._store.drop_all(queue)
        for timer in filter(None, (queue.alarm, queue.idle)):
            timer.cancel()
        for consumer in queue.consumers:
            consumer.channel.cancelled(consumer)

    def consume(self, queue: Queue, consumer: Consumer) -> None:
        """Add a consumer to a queue."""
        queue.consumers.append(consumer)
        self.restart_idle_timer(queue)
        self.dispatch(queue)

    def leave(self, queue: Queue, consumer: Consumer) -> None:
        """Remove a consumer. An auto-delete queue is deleted with its last consumer."""
        queue.consumers.remove(consumer)
        self.restart_idle_timer(queue)
        if queue.auto_delete and not queue.consumers:
            self.remove(queue)

    def restart_idle_timer(self, queue: Queue) -> None:
        """Restart the timer of `x-expires`, which deletes an unused queue."""
        if queue.idle is not None:
            queue.idle.cancel()
        if "x-expires" in queue.arguments and not queue.consumers:
            queue.idle = eventlet.spawn_after(queue.arguments["x-expires"] / 1000, self._expire_queue, queue)

    def _expire_queue(self, queue: Queue) -> None:
        self.remove(queue)
        self.commit()

    def route(self, exchange: str, key: str) -> tuple[Queue, ...]:
        """The queues that a message reaches, each once. Cached until a binding changes."""
        if not exchange:
            return (self.queues[key],) if key in self.queues else ()
        if (exchange, key) not in self._routes:
            if exchange not in self.exchanges:
                raise amqp.NotFound(f"NOT_FOUND - no exchange '{exchange}'")
            if len(self._routes) > ROUTES:
                self._routes.clear()
            self._routes[exchange, key] = tuple(dict.fromkeys(self._walk(self.exchanges[exchange], key, set())))
        return self._routes[exchange, key]

    def _walk(self, source: Exchange, key: str, seen: set[Exchange]) -> Iterator[Queue]:
        seen.add(source)
        for place, pattern in source.bindings:
            if source.takes(pattern, key):
                if isinstance(place, Queue):
                    yield place
                elif place not in seen:
                    yield from self._walk(place, key, seen)

    def publish(self, body: bytes | str, properties: dict[str, Any], exchange: str, key: str) -> bool:
        """Put a message into every queue that it reaches. Return whether there was any."""
        if not exchange and key in self.repliers:  # a direct reply: not a queue, as in RabbitMQ
            consumer = self.repliers[key]
            consumer.channel.deliver(consumer, Entry(0, body, properties, exchange, key))
        queues = self.route(exchange, key)
        for queue in queues:
            self._put(queue, Entry(next(self._numbers), body, properties, exchange, key))
        return bool(queues)

    def _put(self, queue: Queue, entry: Entry) -> None:
        limits = (entry.properties.get("expiration"), queue.arguments.get("x-message-ttl"))
        lifetimes = [int(limit) / 1000 for limit in limits if limit is not None]
        if lifetimes:
            entry.expires_at = monotonic() + min(lifetimes)
        if queue.durable and entry.properties.get("delivery_mode") == PERSISTENT:
            self._store.put(queue, entry)
        queue.ready.append(entry)
        self.dispatch(queue)

    def dispatch(self, queue: Queue) -> None:
        """Deliver all messages that consumers can take. Only the head of a queue expires, as in RabbitMQ."""
        while queue.ready:
            expires_at = queue.ready[0].expires_at
            if expires_at is not None and expires_at <= monotonic():
                self.dead_letter(queue, queue.ready.popleft(), "expired")
                continue
            consumer = queue.next_consumer()
            if consumer is None:
                self._set_alarm(queue, expires_at)
                return
            consumer.channel.deliver(consumer, queue.ready.popleft())

    def _set_alarm(self, queue: Queue, at: float | None) -> None:
        """Dispatch again when the head expires. An alarm that rings too early sets the next one."""
        if at is None or (queue.alarm is not None and queue.alarm_at <= at):
            return
        if queue.alarm is not None:
            queue.alarm.cancel()
        queue.alarm_at = at
        queue.alarm = eventlet.spawn_after(max(0.0, at - monotonic()), self._expire_head, queue)

    def _expire_head(self, queue: Queue) -> None:
        queue.alarm = None
        self.dispatch(queue)
        self.commit()

    def count_delivery(self, entry: Entry, queue: Queue | None, *, no_ack: bool) -> int:
        """Count a delivery. Return the number of earlier deliveries."""
        entry.deliveries += 1
        if no_ack:
            self.forget(entry)
        elif queue is not None and queue.is_quorum:
            self._store.count(entry)
        return entry.deliveries - 1

    def forget(self, entry: Entry) -> None:
        """Delete a message from the store: it is acknowledged, or lost."""
        self._store.drop(entry)

    def dead_letter(self, queue: Queue, entry: Entry, reason: str) -> None:
        """Publish an expired or rejected message to the dead-letter exchange, if its queue has one."""
        self.forget(entry)
        exchange = queue.arguments.get("x-dead-letter-exchange")
        if exchange == "" or exchange in self.exchanges:
            key = queue.arguments.get("x-dead-letter-routing-key", entry.routing_key)
            self.publish(entry.body, _with_death(queue, entry, reason), exchange, key)

    def requeue(self, returned: Iterable[tuple[Entry, Queue]]) -> None:
        """Requeue unacknowledged messages, if their queues still exist."""
        places = [(entry, queue) for entry, queue in returned if self.queues.get(queue.name) is queue]
        for entry, queue in places:
            queue.put_back(entry)
        for queue in dict.fromkeys(queue for _, queue in places):
            self.dispatch(queue)

    def close(self) -> None:
        """Stop the broker. The file stays unchanged, and every connection is closed with an error."""
        self._store.close()
        for connection in list(self.connections):
            connection.close(amqp.ConnectionForced(f"CONNECTION_FORCED - broker '{self.name}' is closed"))
        for queue in self.queues.values():
            self._end(queue)


def _with_death(queue: Queue, entry: Entry, reason: str) -> dict[str, Any]:
    """The properties of a dead-lettered message, with RabbitMQ's `x-death`: the latest death first, with counts."""
    headers = dict(entry.properties.get("application_headers") or {})
    deaths = headers.get("x-death", [])
    again = [death for death in deaths if (death["queue"], death["reason"]) == (queue.name, reason)]
    death = {"count": 1, "queue": queue.name, "reason": reason, "exchange": entry.exchange}
    if again:
        death["count"] = again[0]["count"] + 1
    headers["x-death"] = [death, *(other for other in deaths if other not in again)]
    rest = {name: value for name, value in entry.properties.items() if name != "expiration"}
    return {**rest, "application_headers": headers}
