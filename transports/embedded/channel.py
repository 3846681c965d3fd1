"""A client's channel, with the signatures of kombu's AMQP channel.

Messages are those of py-amqp, so properties, headers and acknowledgements are the same as with a server. Only
`drain_events` and a confirmed publish yield to other green threads, since they would wait for a server too. Unlike with
a server, a channel survives an error, and a publish to a missing exchange raises at once.
"""
# ruff: noqa: FBT001, FBT002 -- the signatures are kombu's; `_` are its other arguments, such as `nowait`

import itertools
import uuid
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from amqp import exceptions as amqp
from amqp.basic_message import Message as Raw
from kombu.transport import pyamqp

from transports.embedded.connection import Connection
from transports.embedded.model import Consumer, Entry, Queue
from transports.embedded.topology import Topology

REPLY_TO = "amq.rabbitmq.reply-to"


class Channel(Topology):
    """A channel that sends, receives and acknowledges messages."""

    Message = pyamqp.Message
    prepare_message = pyamqp.Channel.prepare_message
    prepare_queue_arguments = pyamqp.Channel.prepare_queue_arguments
    message_to_python = pyamqp.Channel.message_to_python
    _ids = itertools.count(1)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.channel_id = next(self._ids)
        self.events: dict[str, set[Callable[..., object]]] = defaultdict(set)
        self.no_ack_consumers: set[str] = set()  # type: ignore[assignment]  # kombu declares it as None
        self.consumers: dict[str, Consumer] = {}
        self.unacked: dict[int, tuple[Entry, Queue, Consumer | None]] = {}
        self.reply_name = f"{REPLY_TO}.{uuid.uuid4().hex}"
        self._broker = connection.broker
        self._confirms = connection.confirms
        self._prefetch = 0
        self._tags = itertools.count(1)
        connection.channels.append(self)

    def basic_publish(
        self, msg: Raw, exchange: str = "", routing_key: str = "", mandatory: bool = False, **_: Any
    ) -> None:
        """Publish a message. A persistent message is stored when this returns."""
        connection = self._open()
        routed = self._broker.publish(msg.body, self._properties(msg), exchange, routing_key or "")
        self._broker.commit()
        if mandatory and not routed:
            self._return(msg, exchange, routing_key)
        if self._confirms:
            connection.take_turn()

    def basic_publish_confirm(self, *args: Any, **kwargs: Any) -> None:
        """Publish with a confirm. A mandatory message that reaches no queue raises."""
        self.confirm_select()
        self.basic_publish(*args, **kwargs)

    def confirm_select(self, **_: Any) -> None:
        """Turn confirms on. There is nothing to wait for: a publish that returns is complete."""
        self._confirms = True

    def _properties(self, msg: Raw) -> dict[str, Any]:
        """The properties as they would arrive over a socket."""
        properties = {name: value for name, value in msg.properties.items() if value is not None}
        if "expiration" in properties:
            properties["expiration"] = str(int(properties["expiration"]))
        self._check_user(properties)
        if properties.get("reply_to") == REPLY_TO:
            if self.reply_name not in self._broker.repliers:
                raise amqp.PreconditionFailed("PRECONDITION_FAILED - fast reply consumer does not exist")
            properties["reply_to"] = self.reply_name
        return properties

    def _check_user(self, properties: dict[str, Any]) -> None:
        """Refuse a message that names another account than the connection's, as RabbitMQ does."""
        account = self._open().account
        user = properties.get("user_id", account)
        if account and user != account:
            reason = f"user_id property set to '{user}' but authenticated user was '{account}'"
            raise amqp.PreconditionFailed(f"PRECONDITION_FAILED - {reason}")

    def _return(self, msg: Raw, exchange: str, routing_key: str) -> None:
        def notify(message: Raw) -> None:
            error = amqp.error_for_code(312, "NO_ROUTE", (60, 50), amqp.ChannelError)
            if not self.events["basic_return"]:
                raise error
            for handler in self.events["basic_return"]:
                handler(error, exchange, routing_key, message)

        if self._confirms:
            notify(msg)
        else:
            self._open().push(self, notify, msg)

    def basic_qos(self, prefetch_size: int, prefetch_count: int, a_global: bool) -> None:  # noqa: ARG002  kombu's signature
        """Limit the unacknowledged messages of each later consumer."""
        self._prefetch = prefetch_count

    def basic_consume(
        self,
        queue: str = "",
        consumer_tag: str = "",
        no_ack: bool = False,
        callback: Callable[[Raw], object] | None = None,
        on_cancel: Callable[[str], object] | None = None,
        **_: Any,
    ) -> str:
        """Add a consumer: `drain_events` calls `callback` with each message. Return the consumer tag."""
        tag = consumer_tag or f"amq.ctag-{uuid.uuid4().hex}"
        source = None if queue == REPLY_TO else self._queue(queue)
        if source is None and not no_ack:
            raise amqp.PreconditionFailed("PRECONDITION_FAILED - reply consumer cannot acknowledge")
        consumer = Consumer(tag, self, source, no_ack, callback or _ignore, on_cancel, self._prefetch)
        self.consumers[tag] = consumer
        if no_ack:
            self.no_ack_consumers.add(tag)
        if source is None:
            self._broker.repliers[self.reply_name] = consumer
        else:
            self._broker.consume(source, consumer)
            self._broker.commit()
        return tag

    def deliver(self, consumer: Consumer, entry: Entry) -> None:
        """Queue a message for a consumer of the channel."""
        message = self._message(entry, consumer.queue, consumer, no_ack=consumer.no_ack)
        message.delivery_info["consumer_tag"] = consumer.tag
        self._open().push(self, consumer.callback, message, consumer)

    def basic_get(self, queue: str = "", no_ack: bool = False) -> Raw | None:
        """Get the next message of a queue, or None."""
        source = self._queue(queue)
        self._broker.dispatch(source)
        message = None
        if source.ready:
            message = self._message(source.ready.popleft(), source, None, no_ack=no_ack)
            message.delivery_info["message_count"] = len(source.ready)
        self._broker.restart_idle_timer(source)
        self._broker.commit()
        return message

    def _message(self, entry: Entry, queue: Queue | None, consumer: Consumer | None, *, no_ack: bool) -> Raw:
        """Copy a message for its receiver. Unless `no_ack`, it waits for its acknowledgement."""
        message = Raw(entry.body, channel=self, **entry.properties)
        headers = dict(entry.properties.get("application_headers") or {})
        before = self._broker.count_delivery(entry, queue, no_ack=no_ack)
        if queue is not None and queue.is_quorum:
            headers["x-delivery-count"] = before
        if headers:
            message.properties["application_headers"] = headers
        tag = next(self._tags)
        if queue is not None and not no_ack:
            self.unacked[tag] = (entry, queue, consumer)
            if consumer is not None:
                consumer.unacked += 1
        message.delivery_info = {
            "delivery_tag": tag,
            "redelivered": entry.redelivered,
            "exchange": entry.exchange,
            "routing_key": entry.routing_key,
        }
        return message

    def basic_cancel(self, consumer_tag: str, **_: Any) -> None:
        """Cancel a consumer. Arrived messages are still handled, as py-amqp does while it waits for the reply."""
        connection = self._open()
        consumer = self.consumers.get(consumer_tag)
        if consumer is None:
            return
        self._detach(consumer)
        self._broker.commit()
        arrived = [arrival for arrival in connection.arrivals if arrival.consumer is consumer]
        connection.arrivals = deque(arrival for arrival in connection.arrivals if arrival.consumer is not consumer)
        for arrival in arrived:
            arrival.callback(arrival.content)
        self.no_ack_consumers.discard(consumer_tag)

    def _detach(self, consumer: Consumer) -> None:
        del self.consumers[consumer.tag]
        if consumer.queue is None:
            self._broker.repliers.pop(self.reply_name, None)
        else:
            self._broker.leave(consumer.queue, consumer)

    def cancelled(self, consumer: Consumer) -> None:
        """Notify a consumer that its queue was deleted."""

        def tell(tag: str) -> None:
            if consumer.on_cancel is None:
                raise amqp.ConsumerCancelled(tag, (60, 30))
            consumer.on_cancel(tag)

        del self.consumers[consumer.tag]
        self.no_ack_consumers.discard(consumer.tag)
        self._open().push(self, tell, consumer.tag)

    def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None:
        """Acknowledge a message; with `multiple`, all messages up to it."""
        settled = self._settle(delivery_tag, multiple=multiple)
        for entry, _ in settled:
            self._broker.forget(entry)
        self._dispatch_next(settled)

    def basic_reject(self, delivery_tag: int, requeue: bool) -> None:
        """Reject a message: requeue it at the front, or dead-letter it."""
        settled = self._settle(delivery_tag)
        if requeue:
            self._broker.requeue(settled)
        else:
            for entry, queue in settled:
                self._broker.dead_letter(queue, entry, "rejected")
        self._dispatch_next(settled)

    def basic_recover(self, requeue: bool = True) -> None:  # noqa: ARG002 -- RabbitMQ always requeues
        """Requeue all unacknowledged messages."""
        self._broker.requeue(self._settle(0, multiple=True))
        self._broker.commit()

    def _settle(self, tag: int, *, multiple: bool = False) -> list[tuple[Entry, Queue]]:
        """Remove messages from `unacked`. A tag of 0 with `multiple` means all."""
        self._open()
        if tag not in self.unacked and not (multiple and tag == 0):
            raise amqp.PreconditionFailed(f"PRECONDITION_FAILED - unknown delivery tag {tag}")
        tags = [known for known in self.unacked if known <= tag or not tag] if multiple else [tag]
        settled = []
        for known in tags:
            entry, queue, consumer = self.unacked.pop(known)
            if consumer is not None:
                consumer.unacked -= 1
            settled.append((entry, queue))
        return settled

    def _dispatch_next(self, settled: list[tuple[Entry, Queue]]) -> None:
        for queue in dict.fromkeys(queue for _, queue in settled if queue.ready):
            self._broker.dispatch(queue)
        self._broker.commit()

    def flow(self, active: bool) -> None:
        """Do nothing: messages wait in the process in either case."""

    def leave(self) -> None:
        """Cancel all consumers and drop their arrivals, before the channel closes."""
        connection = self._open()
        for consumer in list(self.consumers.values()):
            self._detach(consumer)
        connection.arrivals = deque(arrival for arrival in connection.arrivals if arrival.channel is not self)

    def close(self) -> None:
        """Close the channel. Requeue unacknowledged messages."""
        if self.connection is not None:
            self.leave()
            self._broker.requeue(self._settle(0, multiple=True))
            self._broker.commit()
            self.connection.channels.remove(self)
            self.connection = None


def _ignore(message: Raw) -> None:
    """The callback of a consumer without a callback."""
