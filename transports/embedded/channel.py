"""A client's conversation with the broker, with the signatures of kombu's AMQP channel.

Messages are py-amqp's, so properties, headers and acknowledgements are the same as with a server. Nothing gives way to
other green threads but `drain_events` and a confirmed publish, which would wait for a server as well. Unlike with a
server, a channel survives an error, and a publish to a missing exchange raises at once.
"""
# ruff: noqa: FBT001, FBT002 -- the signatures are kombu's; `_` is what it passes besides, such as `nowait`

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
    """Sending, receiving and acknowledging."""

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
        """Send a message. When this returns, it is stored if it is to be."""
        connection = self._open()
        routed = self._broker.publish(msg.body, self._properties(msg), exchange, routing_key or "")
        self._broker.commit()
        if mandatory and not routed:
            self._return(msg, exchange, routing_key)
        if self._confirms:
            connection.take_turn()

    def basic_publish_confirm(self, *args: Any, **kwargs: Any) -> None:
        """Send a message and know that it has arrived: a mandatory one that finds no queue raises here."""
        self.confirm_select()
        self.basic_publish(*args, **kwargs)

    def confirm_select(self, **_: Any) -> None:
        """Ask for confirms. There is none to wait for: a publish that returns is done."""
        self._confirms = True

    def _properties(self, msg: Raw) -> dict[str, Any]:
        """The properties as they would come out of the wire."""
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
            told = f"user_id property set to '{user}' but authenticated user was '{account}'"
            raise amqp.PreconditionFailed(f"PRECONDITION_FAILED - {told}")

    def _return(self, msg: Raw, exchange: str, routing_key: str) -> None:
        def tell(message: Raw) -> None:
            error = amqp.error_for_code(312, "NO_ROUTE", (60, 50), amqp.ChannelError)
            if not self.events["basic_return"]:
                raise error
            for handler in self.events["basic_return"]:
                handler(error, exchange, routing_key, message)

        if self._confirms:
            tell(msg)
        else:
            self._open().push(self, tell, msg)

    def basic_qos(self, prefetch_size: int, prefetch_count: int, a_global: bool) -> None:  # noqa: ARG002  kombu's signature: it counts a channel alone
        """How many unacknowledged messages each consumer may have that starts from now on."""
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
        """Have `callback` called with each message, from `drain_events`; the tag to cancel it by."""
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
        """The broker has a message for one of the channel's consumers."""
        message = self._message(entry, consumer.queue, consumer, no_ack=consumer.no_ack)
        message.delivery_info["consumer_tag"] = consumer.tag
        self._open().push(self, consumer.callback, message, consumer)

    def basic_get(self, queue: str = "", no_ack: bool = False) -> Raw | None:
        """The next message of a queue, if there is one."""
        source = self._queue(queue)
        self._broker.dispatch(source)
        message = None
        if source.ready:
            message = self._message(source.ready.popleft(), source, None, no_ack=no_ack)
            message.delivery_info["message_count"] = len(source.ready)
        self._broker.rest(source)
        self._broker.commit()
        return message

    def _message(self, entry: Entry, queue: Queue | None, consumer: Consumer | None, *, no_ack: bool) -> Raw:
        """The message as its receiver gets it, a copy, and awaited back unless `no_ack`."""
        message = Raw(entry.body, channel=self, **entry.properties)
        headers = dict(entry.properties.get("application_headers") or {})
        before = self._broker.hand_out(entry, queue, no_ack=no_ack)
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
        """Stop consuming. What has arrived already is handled still, as py-amqp does while it waits for the answer."""
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
        """The broker has removed the queue of one of the channel's consumers."""

        def tell(tag: str) -> None:
            if consumer.on_cancel is None:
                raise amqp.ConsumerCancelled(tag, (60, 30))
            consumer.on_cancel(tag)

        del self.consumers[consumer.tag]
        self.no_ack_consumers.discard(consumer.tag)
        self._open().push(self, tell, consumer.tag)

    def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None:
        """A message is done with; with `multiple`, all up to it."""
        settled = self._settle(delivery_tag, multiple=multiple)
        for entry, _ in settled:
            self._broker.forget(entry)
        self._hand_out_more(settled)

    def basic_reject(self, delivery_tag: int, requeue: bool) -> None:
        """A message is not wanted here: back to the front of its queue, or away."""
        settled = self._settle(delivery_tag)
        if requeue:
            self._broker.requeue(settled)
        else:
            for entry, queue in settled:
                self._broker.bury(queue, entry, "rejected")
        self._hand_out_more(settled)

    def basic_recover(self, requeue: bool = True) -> None:  # noqa: ARG002 -- RabbitMQ knows no other way
        """All unacknowledged messages go back."""
        self._broker.requeue(self._settle(0, multiple=True))
        self._broker.commit()

    def _settle(self, tag: int, *, multiple: bool = False) -> list[tuple[Entry, Queue]]:
        """Take messages off the list of those that are awaited back; a tag of 0 with `multiple` means all."""
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

    def _hand_out_more(self, settled: list[tuple[Entry, Queue]]) -> None:
        for queue in dict.fromkeys(queue for _, queue in settled if queue.ready):
            self._broker.dispatch(queue)
        self._broker.commit()

    def flow(self, active: bool) -> None:
        """Nothing to hold back: messages wait in the process either way."""

    def leave(self) -> None:
        """Stop consuming and drop what has arrived: the channel is about to close."""
        connection = self._open()
        for consumer in list(self.consumers.values()):
            self._detach(consumer)
        connection.arrivals = deque(arrival for arrival in connection.arrivals if arrival.channel is not self)

    def close(self) -> None:
        """End the conversation; unacknowledged messages go back."""
        if self.connection is not None:
            self.leave()
            self._broker.requeue(self._settle(0, multiple=True))
            self._broker.commit()
            self.connection.channels.remove(self)
            self.connection = None


def _ignore(message: Raw) -> None:
    """What a consumer without a callback does."""
