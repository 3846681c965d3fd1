"""What a process tells of its links to the broker, and of the queues behind them."""

from collections.abc import Callable

from telemetry.logs import log
from telemetry.metrics import BROKER_UP, QUEUES_DELETED, QUEUES_UNREAD


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


def watched_listeners(service: str) -> Callable[[str], None]:
    """Tells of queues that hear a service's events, and that are missing although only others may make them."""

    def tell(queue: str) -> None:
        QUEUES_DELETED.labels(service, queue).inc()
        log.error("queue missing", service=service, queue=queue, cure="broker-setup, then matron events replay")

    return tell
