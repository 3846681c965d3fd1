"""What a process tells about itself: one JSON log line a request, metrics, health.

Nothing here takes a payload, an argument or the text of an unexpected exception: those may hold a patient's data. An
unexpected exception is logged by its class and the places in the code where it passed.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

HANDLED = Histogram(
    "matron_handled_seconds",
    "Time that a service took for a command, query, event or timer.",
    ["service", "kind", "name", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
HTTP = Counter("matron_http_requests", "Requests that the gateway answered.", ["method", "route", "status"])
EVENTS_SENT = Counter("matron_events_sent", "Events that the relay handed to the broker.", ["service"])
EVENTS_FAILED = Counter("matron_events_failed", "Handlings of an event that failed.", ["service", "handler", "fate"])
BROKER_UP = Gauge("matron_broker_up", "Whether a connection to the broker stands.", ["service", "link"])

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_QUIET = ("nameko", "kombu", "amqp", "sqlalchemy", "alembic", "eventlet", "urllib3")


def set_up_logging(level: str, *, to_file: Path | None = None) -> None:
    """JSON lines on standard error, or appended to a file when the terminal is for people."""
    target = sys.stderr if to_file is None else to_file.open("a", buffering=1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(lambda line, **_options: orjson.dumps(line, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, logging.INFO)),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.ERROR, stream=target, format='{"level":"%(levelname)s","logger":"%(name)s"}')
    for name in _QUIET:
        # These libraries put exception texts, and so perhaps a patient's data, into their messages.
        logging.getLogger(name).setLevel(logging.CRITICAL)


def places(error: BaseException) -> list[str]:
    """Where an exception passed, as `file:line function`, innermost last, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-8:]]


def log_unexpected(what: str, error: BaseException, **context: object) -> None:
    """Log an unexpected exception without its text."""
    log.error(what, error=type(error).__qualname__, places=places(error), **context)


def metrics_page() -> tuple[bytes, str]:
    """The Prometheus page and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST


class Health:
    """The named conditions under which a process can take work."""

    def __init__(self) -> None:
        self.checks: dict[str, Callable[[], bool]] = {}
        self.stopping = False

    def add(self, name: str, check: Callable[[], bool]) -> None:
        """Readiness needs this condition as well."""
        self.checks[name] = check

    def failing(self) -> list[str]:
        """The names of the conditions that do not hold; empty when ready."""
        failing = [name for name, check in self.checks.items() if not check()]
        return ["stopping", *failing] if self.stopping else failing
