"""Exchanges and queues: their names and declarations. A second declaration changes nothing.

The arguments of a queue can never change later, so they are few: event queues are quorum queues, without other
arguments. Limits are policies, in deploy/rabbitmq. The setup there also makes the exchanges that several services use.
A service makes a missing exchange itself, if its account may.
"""

from collections.abc import Iterable

from chassis.event import Event
from transports.channels import Declaring
from transports.declarations import declare_quorum

RPC_EXCHANGE = "nameko-rpc"
ALL_EVENTS = "hospital.events"
"""Receives everything public from each service, so that an outside system binds one queue to one exchange."""
UNROUTED = "unrouted"
"""The queue of events that no other queue took."""
DIRECT_REPLY = "amq.rabbitmq.reply-to"


def rpc_queue(service: str) -> str:
    """The queue that a service takes commands and queries from."""
    return f"rpc-{service}"


def dead_queue(service: str) -> str:
    """The queue of the dead letters of a service."""
    return f"dead-{service}"


def delay_queue(service: str, seconds: float) -> str:
    """The queue in which messages wait for this delay, before they return to their own queue."""
    return f"delay-{service}-{int(seconds * 1000)}"


def retry_exchange(service: str, seconds: float) -> str:
    """The exchange for messages that wait: a message keeps the name of its queue as its key."""
    return f"retry-{service}-{int(seconds * 1000)}"


def is_own(service: str, name: str) -> bool:
    """Whether a queue or an exchange is the service's alone to make, to read and to delete."""
    kept = name in (rpc_queue(service), dead_queue(service))
    return kept or name.startswith((f"delay-{service}-", f"retry-{service}-")) or f"--{service}." in name


def declare_rpc(channel: Declaring, service: str) -> None:
    """The exchange and queue of commands, just as nameko declares them."""
    channel.exchange_declare(exchange=RPC_EXCHANGE, type="topic", durable=True, auto_delete=False)
    channel.queue_declare(queue=rpc_queue(service), durable=True, exclusive=False, auto_delete=False)
    channel.queue_bind(queue=rpc_queue(service), exchange=RPC_EXCHANGE, routing_key=f"{service}.*")


def declare_exchanges(channel: Declaring, service: str) -> None:
    """The exchanges for the events of a service."""
    for name in (f"{service}.events", f"{service}.internal", ALL_EVENTS):
        channel.exchange_declare(exchange=name, type="topic", durable=True, auto_delete=False)
    channel.exchange_bind(destination=ALL_EVENTS, source=f"{service}.events", routing_key="#")


def declare_event_queue(channel: Declaring, event: type[Event], handler: str) -> None:
    """The queue of one handler, bound to its event."""
    channel.exchange_declare(exchange=event.exchange(), type="topic", durable=True, auto_delete=False)
    declare_quorum(channel, event.queue_of(handler))
    channel.queue_bind(queue=event.queue_of(handler), exchange=event.exchange(), routing_key=event.event_name())


def declare_retries(channel: Declaring, service: str, delays: Iterable[float]) -> None:
    """The service's delay queues and dead letters."""
    declare_quorum(channel, dead_queue(service))
    for seconds in delays:
        queue, exchange = delay_queue(service, seconds), retry_exchange(service, seconds)
        channel.exchange_declare(exchange=exchange, type="fanout", durable=True, auto_delete=False)
        declare_quorum(channel, queue, {"x-message-ttl": int(seconds * 1000), **_BACK_TO_ITS_QUEUE})
        channel.queue_bind(queue=queue, exchange=exchange, routing_key="")


_BACK_TO_ITS_QUEUE = {
    # The default exchange routes by queue name, and a message keeps the routing key it was sent with.
    "x-dead-letter-exchange": "",
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}
