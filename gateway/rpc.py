"""RPC calls to services, with a deadline, over one open channel.

Nameko's proxy has no timeout, confirms and stores each request, and creates a connection object for each. Here requests
are transient and unconfirmed, and replies use RabbitMQ's direct reply-to. The deadline is also the expiration of the
message, so that no service starts work for a caller that has given up. The wire format is nameko's: nameko clients can
call our services, and with `direct=False` this client can call nameko services.
"""

import time
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import eventlet
import orjson
from eventlet.event import Event
from nameko.exceptions import RemoteError, deserialize
from nameko.extensions import DependencyProvider, SharedExtension

from chassis.call import Call
from chassis.errors import Internal, MatronError
from chassis.messaging import topology
from chassis.messaging.broker import down
from chassis.refusals import INTERNAL, NO_ANSWER
from gateway.problems import SERVICE_DOWN
from telemetry.links import watched
from transports.links import BROKER_ERRORS, Link, Outgoing
from transports.senders import url_of

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX, SUFFIX = b'{"result":', b',"error":null}'


class Reply:
    """A reply: its raw bytes and its headers."""

    __slots__ = ("body", "headers")

    def __init__(self, body: bytes, headers: dict[str, Any]) -> None:
        self.body, self.headers = body, headers

    @property
    def result_bytes(self) -> bytes:
        """The JSON of the result, without decoding if possible. Raises the error of an error reply."""
        if self.body.startswith(PREFIX) and self.body.endswith(SUFFIX):
            return self.body[len(PREFIX) : -len(SUFFIX)]
        return orjson.dumps(self.result)

    @property
    def result(self) -> Any:
        """The result as plain data. Raises the error of an error reply."""
        body = orjson.loads(self.body)
        if body["error"] is None:
            return body["result"]
        raise _error_from(body["error"])


def _error_from(serialized: dict[str, Any]) -> MatronError:
    error = deserialize(serialized)
    return error if isinstance(error, MatronError) and not isinstance(error, Internal | RemoteError) else INTERNAL()


class RpcClient:
    """Calls the methods of services. Many green threads share a client."""

    def __init__(self, url: str, owner: str, *, direct: bool = True) -> None:
        self.link = Link(url, self._set_up, lost=self._lost, tell=watched(owner, "rpc"))
        self.owner = owner
        self.direct = direct
        self.reply_to = topology.DIRECT_REPLY
        self.waiting: dict[str, Event] = {}
        self.also: list[Callable[[Any], None]] = []
        """Further set-up of the link's channel after each connect."""

    def _set_up(self, channel: Any) -> None:
        # Services declare it. Before that, no service answers, and publishing to it would close the channel.
        channel.exchange_declare(exchange=topology.RPC_EXCHANGE, type="topic", passive=True)
        if not self.direct:
            self._declare_reply_queue(channel)
        queue = self.reply_to if self.direct else f"rpc.reply-{self.owner}-{self.reply_to}"
        channel.basic_consume(queue, no_ack=True, callback=lambda raw: self._take(channel, raw), consumer_tag="replies")
        for set_up in self.also:
            set_up(channel)
        events = getattr(channel, "events", None)
        if isinstance(events, dict):
            events["basic_return"].add(self._returned)

    def _declare_reply_queue(self, channel: Any) -> None:
        """Declare a queue on nameko's exchange, for services that reply as nameko does."""
        self.reply_to = str(uuid4())
        queue = f"rpc.reply-{self.owner}-{self.reply_to}"
        channel.queue_declare(queue=queue, durable=False, exclusive=True, auto_delete=True)
        channel.queue_bind(queue=queue, exchange=topology.RPC_EXCHANGE, routing_key=self.reply_to)

    def _take(self, channel: Any, raw: Any) -> None:
        message = channel.message_to_python(raw)
        waiting = self.waiting.pop(message.properties.get("correlation_id"), None)
        if waiting is not None:
            body = message.body
            waiting.send(Reply(body if isinstance(body, bytes) else body.encode(), message.headers))

    def _returned(self, _error: Any, _exchange: str, _key: str, message: Any) -> None:
        """Refuse a call that no queue takes: the service has never run on this broker."""
        waiting = self.waiting.pop(message.properties.get("correlation_id"), None)
        if waiting is not None:
            waiting.send_exception(SERVICE_DOWN(retry_after=2))

    def _lost(self) -> None:
        """Fail the calls under way, since their replies are lost."""
        waiting, self.waiting = self.waiting, {}
        for answer in waiting.values():
            answer.send_exception(NO_ANSWER())

    def call(self, service: str, method: str, payload: dict[str, Any], call: Call, seconds: float) -> Reply:
        """Call a method and wait. Unavailable: nothing was sent. NoAnswer: no reply arrived in time."""
        # Any service knows the reply queue. Without the secret of a call, it cannot reply for another service.
        secret, answer = token_hex(16), Event()
        message = self._request(service, method, payload, call, seconds, secret)
        self.waiting[secret] = answer
        try:
            message.send(self.link.channel, mandatory=True)
            with eventlet.Timeout(seconds, exception=False):
                reply: Reply = answer.wait()
                return reply
            raise NO_ANSWER()
        except BROKER_ERRORS:
            raise down() from None
        finally:
            self.waiting.pop(secret, None)

    def _request(
        self, service: str, method: str, payload: dict[str, Any], call: Call, seconds: float, secret: str
    ) -> Outgoing:
        headers = {
            "nameko.auth_token": call.token,
            "nameko.request_id": call.request_id,
            "nameko.idempotency_key": call.key,
            "nameko.address": call.address,
            "nameko.deadline": f"{time.time() + seconds:.3f}",
            **{f"nameko.{name}": value for name in ("device", "if_match") if (value := getattr(call, name))},
        }
        properties = {
            "reply_to": self.reply_to,
            "correlation_id": secret,
            "delivery_mode": 1,
            "expiration": str(int(seconds * 1000)),
        }
        body = orjson.dumps({"args": [], "kwargs": payload})
        return Outgoing(body, topology.RPC_EXCHANGE, f"{service}.{method}", headers, properties)


class Calling(SharedExtension):
    """The RPC client that a process shares."""

    def setup(self) -> None:
        """Create the client."""
        if not hasattr(self, "client"):
            name = self.container.service_name
            self.client = RpcClient(url_of(self.container.config["matron"].amqp_url, name), name)
            self.container.config["health"].add(f"{name}.broker", lambda: self.client.link.answers)

    def start(self) -> None:
        """Connect, without waiting for the broker."""
        self.client.link.start()

    def stop(self) -> None:
        """Close the link."""
        self.client.link.stop()

    kill = stop


class Rpc(DependencyProvider):
    """Gives a worker the RPC client."""

    calling = Calling()

    def get_dependency(self, _worker_ctx: Any) -> RpcClient:
        """Return the client."""
        return self.calling.client
