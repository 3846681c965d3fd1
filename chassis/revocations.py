"""Ended sessions: an event that every process hears, in a queue of its own that goes when the process does.

A service that has just started knows only of those that ended since; the gateway in front of it, which asks auth for
the rest, knows of all.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from tokens.revoked import Revoked

EXCHANGE, EVENT = "auth.internal", "session_revoked"


def listen(channel: Any, process: str, revoked: Revoked) -> None:
    """Hear of each session that ends from now on."""
    queue = f"evt-auth-{EVENT}--{process}.process_{uuid4().hex}"
    channel.queue_declare(queue=queue, durable=False, exclusive=True, auto_delete=True)
    channel.queue_bind(queue=queue, exchange=EXCHANGE, routing_key=EVENT)
    take = lambda raw: remember(revoked, [orjson.loads(channel.message_to_python(raw).body)])  # noqa: E731  one line, named for what it does
    channel.basic_consume(queue, no_ack=True, callback=take, consumer_tag="revocations")


def remember(revoked: Revoked, told: list[dict[str, str]]) -> None:
    """Take in sessions as the event and auth's list have them: `{session_id, ends_at}`."""
    for one in told:
        revoked.add(UUID(one["session_id"]), datetime.fromisoformat(one["ends_at"]).timestamp())
