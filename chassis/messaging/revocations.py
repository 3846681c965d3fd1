"""Ended sessions: an event that every process hears, in a queue of its own that goes when the process does.

A service that has just started knows only of those that ended since; the gateway in front of it, which asks auth for
the rest, knows of all.
"""

from datetime import datetime
from uuid import UUID, uuid4

import orjson

from telemetry.logs import log
from telemetry.metrics import EVENTS_FAILED
from tokens.revoked import Revoked
from transports.channels import Consuming, Received
from transports.senders import Senders

EXCHANGE, EVENT = "auth.internal", "session_revoked"


def listen(channel: Consuming, senders: Senders, revoked: Revoked) -> None:
    """Hear of each session that ends from now on."""
    queue = f"evt-auth-{EVENT}--{senders.process}.process_{uuid4().hex}"
    channel.queue_declare(queue=queue, durable=False, exclusive=True, auto_delete=True)
    channel.queue_bind(queue=queue, exchange=EXCHANGE, routing_key=EVENT)
    take = lambda raw: _take(channel.message_to_python(raw), senders, revoked)  # noqa: E731  one line, named for what it does
    channel.basic_consume(queue, no_ack=True, callback=take, consumer_tag="revocations")


def _take(message: Received, senders: Senders, revoked: Revoked) -> None:
    if senders.take(message.properties, message.headers, "auth"):
        remember(revoked, [orjson.loads(message.body)])
        return
    EVENTS_FAILED.labels(senders.process, EVENT, "refused").inc()
    log.warning("event failed", service=senders.process, handler=EVENT, fate="refused")


def remember(revoked: Revoked, told: list[dict[str, str]]) -> None:
    """Take in sessions as the event and auth's list have them: `{session_id, ends_at}`."""
    for one in told:
        revoked.add(UUID(one["session_id"]), datetime.fromisoformat(one["ends_at"]).timestamp())
