"""The broker as the hospital sees it: what is told of its links, and how its absence is refused.

A service has three links: one consumes, one sends replies (never confirmed, so that a request cannot wait for the
broker), one sends events with confirms. They are apart because RabbitMQ stops reading from a connection that publishes
while it is short of memory, and acknowledgements must get through then.
"""

from collections.abc import Callable

from chassis.errors import Unavailable
from telemetry.logs import log
from telemetry.metrics import BROKER_UP, QUEUES_DELETED, QUEUES_UNREAD


def down() -> Unavailable:
    """The refusal while there is no connection."""
    return Unavailable("broker_down", "The message broker cannot be reached.", {"retry_after": 2})


def watched(service: str, link: str, up: Callable[[], None] = lambda: None) -> Callable[[str, str], None]:
    """Keeps the metric and the log of one link; `up` is called whenever it takes messages again."""
    gauge = BROKER_UP.labels(service, link)

    def tell(event: str, error: str) -> None:
        gauge.set(event in ("up", "unblocked"))
        if event in ("up", "unblocked"):
            up()
        # That the broker is lost, and is back, is told once for the process: `telemetry.health`.
        (log.info if event in ("up", "down") else log.warning)(
            "broker link", service=service, link=link, state=event, error=error
        )

    return tell


def watched_queues(service: str) -> Callable[[str, str, str], None]:
    """Keeps the metrics and the log of the queues that a service reads from."""

    def tell(queue: str, state: str, error: str) -> None:
        QUEUES_UNREAD.labels(service, queue).set(state != "read")
        if state == "deleted":
            QUEUES_DELETED.labels(service, queue).inc()
            log.error("queue deleted", service=service, queue=queue, cure="matron events replay")
        else:
            log.warning(f"queue {state}", service=service, queue=queue, error=error)

    return tell
