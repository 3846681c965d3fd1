"""What is counted and measured, for Prometheus. deploy/README.md lists all of it, with the alerts that it is for."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

HANDLED = Histogram(
    "matron_handled_seconds",
    "Time that a service took for a command, query, event or timer.",
    ["service", "kind", "name", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
HTTP_SECONDS = Histogram(
    "matron_http_seconds",
    "Time that the gateway took for an answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
HTTP = Counter("matron_http_requests", "Requests that the gateway answered.", ["method", "route", "status"])
EVENTS_SENT = Counter("matron_events_sent", "Events that the relay handed to the broker.", ["service"])
EVENTS_FAILED = Counter("matron_events_failed", "Handlings of an event that failed.", ["service", "handler", "fate"])
EVENTS_UNROUTED = Counter("matron_events_unrouted", "Events that no queue took, kept in `unrouted`.", ["service"])
QUEUES_DELETED = Counter(
    "matron_queues_deleted", "Queues deleted while we read from them, or missing to what we send.", ["service", "queue"]
)
TIMERS_FAILED = Counter(
    "matron_timers_failed", "Runs of a timer, such as the clean-up, that failed.", ["service", "name"]
)
QUEUES_UNREAD = Gauge("matron_queue_unread", "Whether a queue cannot be read from now.", ["service", "queue"])
OUTBOX_UNSENT = Gauge("matron_outbox_unsent", "Events that have been said and not sent.", ["service"])
OUTBOX_OLDEST = Gauge("matron_outbox_oldest_seconds", "Age of the oldest unsent event; 0 without one.", ["service"])
DEAD_LETTERS = Gauge("matron_dead_letters", "Events that a service could not handle, after all retries.", ["service"])
UNROUTED = Gauge("matron_unrouted_messages", "What waits in the queue `unrouted`.")
DATABASE_IN_USE = Gauge("matron_database_connections_in_use", "Connections at work; then others wait.", ["service"])
DATABASE_LIMIT = Gauge("matron_database_connections_limit", "Connections that there may be.", ["service"])
BROKER_UP = Gauge("matron_broker_up", "Whether a connection to the broker stands.", ["service", "link"])
NAMES_UNANSWERED = Gauge(
    "matron_name_unanswered", "Whether the last look-up of a host name failed or took too long.", ["name"]
)


def metrics_page() -> tuple[bytes, str]:
    """The Prometheus page and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
