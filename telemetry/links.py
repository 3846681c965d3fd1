"""Metrics and logs of the links to the broker, and of the queues."""

from collections.abc import Callable

from telemetry.logs import log
from telemetry.metrics import BROKER_UP, QUEUES_DELETED, QUEUES_UNREAD


def watched(service: str, link: str, up: Callable[[], None] = lambda: None) -> Callable[[str, str], None]:
    """Return a callback that records the state of a link. `up` is called when the link accepts messages again."""
    gauge = BROKER_UP.labels(service, link)

    def tell(event: str, error: str) -> None:
        gauge.set(event in ("up", "unblocked"))
        if event in ("up", "unblocked"):
            up()
        # `telemetry.health` warns once for the whole process when the broker is lost or back.
        (log.info if event in ("up", "down") else log.warning)(
            "broker link", service=service, link=link, state=event, error=error
        )

    return tell


def watched_queues(service: str) -> Callable[[str, str, str], None]:
    """Return a callback that records the states of the queues that a service reads."""

    def tell(queue: str, state: str, error: str) -> None:
        QUEUES_UNREAD.labels(service, queue).set(state != "read")
        if state == "deleted":
            QUEUES_DELETED.labels(service, queue).inc()
            log.error("queue deleted", service=service, queue=queue, cure="matron events replay")
        else:
            log.warning(f"queue {state}", service=service, queue=queue, error=error)

    return tell


def watched_listeners(service: str) -> Callable[[str], None]:
    """Return a callback that records a missing queue for the events of a service, which only others may create."""

    def tell(queue: str) -> None:
        QUEUES_DELETED.labels(service, queue).inc()
        log.error("queue missing", service=service, queue=queue, cure="broker-setup, then matron events replay")

    return tell
