"""The broker as a nameko extension: one per service, shared by its commands, its event handlers and its relay.

It consumes over one link, answers over a second, and owns the confirmed publisher that is the third. When a service
stops, it takes nothing new, but acknowledges until its running work is done. Nameko's own consumer hands work that
takes longer than two seconds back to the broker, and the work is then done twice.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import eventlet
from nameko.extensions import SharedExtension

from chassis.config import Config
from chassis.event import Event, events_of
from chassis.messaging import revocations, topology
from chassis.messaging.delivery import Delivery
from telemetry.links import watched, watched_listeners, watched_queues
from telemetry.logs import log
from telemetry.metrics import EVENTS_UNROUTED
from transports.confirms import ConfirmedPublisher
from transports.declarations import Declarations, NoWait, Sparing, ensure_queue
from transports.links import BROKER_ERRORS, Link, Outgoing
from transports.readers import Reader, Source
from transports.senders import Senders, account_of, url_of

if TYPE_CHECKING:
    from telemetry.health import Health

EVENT_PREFETCH = 8
RENEW_SECONDS = 60.0
"""The pause between two declarations of the queues of our listeners, in case a queue was deleted."""
ANSWER_FIRST_SECONDS = 0.02


class Broker(SharedExtension):
    """The links of one service."""

    def __init__(self) -> None:
        self.on_rpc: dict[str, Callable[[Any], None]] = {}
        self.on_event: dict[str, tuple[type[Event], str, Callable[[Any], None]]] = {}
        self.stopping = False
        self.started = False
        self.events_wait: Callable[[], None] = lambda: None
        """Called when events can be published again; the relay's."""

    @property
    def config(self) -> Config:
        """The process's settings, as nameko carries them."""
        config: Config = self.container.config["matron"]
        return config

    def setup(self) -> None:
        """Prepare the links; entrypoints register before `start`."""
        if hasattr(self, "consuming"):
            return
        self.service = self.container.service_name
        url = url_of(self.config.amqp_url, self.service)
        self.senders = Senders(self.service, account_of(url), unsigned=self.config.allow_unsigned_events)
        self.apart = self.senders.apart and not url.startswith("embedded:")
        self.consuming = Link(url, self._set_up, tell=watched(self.service, "consumer"))
        self.reader = Reader(self.consuming, self.service, watched_queues(self.service))
        self.replies = Link(url, lambda _channel: None, tell=watched(self.service, "replies"))
        tell = watched(self.service, "events", self._events_may_go)
        self.publisher = ConfirmedPublisher(url, self._prepare, tell, keep_in=topology.UNROUTED, kept=self._kept)
        self.heard = Declarations(dict(self._listeners()), self._refused)
        self.delivery = Delivery(self.senders, self.publisher, self.config.retry_delays)
        health: Health = self.container.config["health"]
        health.add(f"{self.service}.broker", lambda: self.consuming.answers and self.replies.answers)
        health.add(f"{self.service}.broker.events", lambda: self.publisher.link.answers)
        health.add_list(lambda: [f"{self.service}.queue.{queue}" for queue in self.reader.unread])

    def start(self) -> None:
        """Connect, without waiting for the broker: readiness tells when it is there."""
        if not self.started:
            self.started = True
            self.reader.read(self._sources())
            for link in (self.publisher.link, self.replies, self.consuming):
                link.start()
            self.renewing = eventlet.spawn(self._renew)

    def stop(self) -> None:
        """Close the links, after the last acknowledgement."""
        self.renewing.kill()
        for link in (self.consuming, self.replies, self.publisher.link):
            link.stop()

    kill = stop

    def stop_consuming(self) -> None:
        """Take nothing new."""
        self.stopping = True
        self.reader.stop()

    def _prepare(self, channel: Any) -> None:
        ensure_queue(channel.connection, topology.UNROUTED)
        declaring = self._declaring(channel)
        topology.declare_exchanges(declaring, self.service)
        self._declare_own(declaring)
        self.heard.make(channel.connection)

    def _declaring(self, channel: Any) -> Any:
        """A channel for declarations. With an account of our own, what we share is made by deploy's `broker-setup`."""
        owns, lacks = partial(topology.is_own, self.service), watched_listeners(self.service)
        return Sparing(channel, owns, lacks) if self.apart else channel

    def _renew(self) -> None:
        while True:
            eventlet.sleep(RENEW_SECONDS)
            if self.publisher.link.is_up:
                with suppress(*BROKER_ERRORS):
                    self._declare_own(NoWait(self.publisher.link.channel))
                    if not self.apart:
                        topology.declare_exchanges(NoWait(self.publisher.link.channel), self.service)
                        self.heard.renew(self.publisher.link.channel)

    def _kept(self, event: str) -> None:
        EVENTS_UNROUTED.labels(self.service).inc()
        log.warning("event unrouted", service=self.service, event_name=event)
        # The message should have waited or been kept: a queue of ours is gone.
        if topology.is_own(self.service, event):
            self._declare_own(NoWait(self.publisher.link.open_channel))

    def _listeners(self) -> Iterator[tuple[str, Callable[[Any], None]]]:
        """The queues of all who hear this service's events, even if they have never run."""
        for event in events_of(self.service):
            for handler in event.heard_by:
                declare = partial(topology.declare_event_queue, event=event, handler=handler)
                yield event.queue_of(handler), self._with_rights(declare)

    def _refused(self, queue: str, error: str) -> None:
        log.error("queue refused", service=self.service, queue=queue, error=error)

    def _declare_own(self, channel: Any) -> None:
        topology.declare_retries(channel, self.service, self.config.retry_delays)

    def _events_may_go(self) -> None:
        self.events_wait()

    def _set_up(self, channel: Any) -> None:
        while not self.replies.is_up:
            eventlet.sleep(ANSWER_FIRST_SECONDS)  # The reply to an earlier request would be lost.
        self._declaring(channel).exchange_declare(
            exchange=revocations.EXCHANGE, type="topic", durable=True, auto_delete=False
        )
        revocations.listen(channel, self.senders, self.container.config["revoked"])
        self.reader.set_up(channel)

    def _sources(self) -> Iterator[Source]:
        if self.on_rpc:
            queue, declare = topology.rpc_queue(self.service), partial(topology.declare_rpc, service=self.service)
            yield Source(queue, self.config.workers, self._with_rights(declare), self._take_rpc)
        for queue, (event, handler, take) in sorted(self.on_event.items()):
            declare = partial(topology.declare_event_queue, event=event, handler=handler)
            yield Source(queue, EVENT_PREFETCH, self._with_rights(declare), take)

    def _with_rights(self, declare: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda channel: declare(self._declaring(channel))

    def _take_rpc(self, message: Any) -> None:
        method = message.delivery_info["routing_key"].rpartition(".")[2]
        self.on_rpc.get(method, self.on_rpc[""])(message)

    def reply(self, message: Any, body: bytes, headers: dict[str, Any]) -> None:
        """Answer a request, to our own clients directly and to nameko's through its exchange, then acknowledge it."""
        reply_to = message.properties.get("reply_to") or ""
        exchange = "" if reply_to.startswith(topology.DIRECT_REPLY) else topology.RPC_EXCHANGE
        correlation = {"correlation_id": message.properties.get("correlation_id") or ""}
        try:
            if reply_to:
                Outgoing(body, exchange, reply_to, headers, correlation).send(self.replies.channel)
        except BROKER_ERRORS:
            pass  # The caller times out and asks again with its key.
        self.settle(message.ack)

    def settle(self, act: Callable[[], None]) -> None:
        """Acknowledge a message or hand it back. After a lost link, the broker already has the message again."""
        with suppress(*BROKER_ERRORS):
            act()
