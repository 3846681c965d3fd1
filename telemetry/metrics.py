"""The metrics, for Prometheus. deploy/README.md lists them with their alerts."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

HANDLED = Histogram(
    "matron_handled_seconds",
    "Time of a service for a command, query, event or timer.",
    ["service", "kind", "name", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
HTTP_SECONDS = Histogram(
    "matron_http_seconds",
    "Time of the gateway for an answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
HTTP = Counter("matron_http_requests", "Requests that the gateway answered.", ["method", "route", "status"])
EVENTS_SENT = Counter("matron_events_sent", "Events that the relay handed to the broker.", ["service"])
EVENTS_FAILED = Counter("matron_events_failed", "Failed attempts to handle an event.", ["service", "handler", "fate"])
EVENTS_UNROUTED = Counter("matron_events_unrouted", "Events that reached no queue, kept in `unrouted`.", ["service"])
QUEUES_DELETED = Counter(
    "matron_queues_deleted",
    "Queues deleted while a service read them, or missing for its events.",
    ["service", "queue"],
)
TIMERS_FAILED = Counter("matron_timers_failed", "Failed runs of a timer, such as the clean-up.", ["service", "name"])
QUEUES_UNREAD = Gauge("matron_queue_unread", "Whether a queue is unreadable now.", ["service", "queue"])
OUTBOX_UNSENT = Gauge("matron_outbox_unsent", "Events that are published but not sent yet.", ["service"])
OUTBOX_OLDEST = Gauge("matron_outbox_oldest_seconds", "Age of the oldest unsent event; 0 without one.", ["service"])
DEAD_LETTERS = Gauge("matron_dead_letters", "Events that a service could not handle, after all retries.", ["service"])
UNROUTED = Gauge("matron_unrouted_messages", "Messages in the queue `unrouted`.")
DATABASE_IN_USE = Gauge("matron_database_connections_in_use", "Connections in use.", ["service"])
DATABASE_LIMIT = Gauge("matron_database_connections_limit", "Limit of connections.", ["service"])
BROKER_UP = Gauge("matron_broker_up", "Whether a connection to the broker is up.", ["service", "link"])
NAMES_UNANSWERED = Gauge(
    "matron_name_unanswered", "Whether the last look-up of a host name failed or took too long.", ["name"]
)


def metrics_page() -> tuple[bytes, str]:
    """The Prometheus page and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
