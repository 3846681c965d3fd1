"""Failed messages: each waits in a delay queue and comes again, and ends as a dead letter.

Nameko acknowledges such a message, which loses it, or puts it straight back, which spins. Here the consumer sends the
message on, with a confirm, before it acknowledges. While the database is away, the message waits without a limit. Two
messages become dead letters at once: one that does not parse, and one whose processes died each time
(`x-delivery-count`, kept by quorum queues).
"""

from collections.abc import Mapping

from chassis import clock
from chassis.errors import NoAnswer, Unavailable
from chassis.messaging.topology import dead_queue, retry_exchange
from telemetry.logs import log
from telemetry.metrics import EVENTS_FAILED
from transports.channels import Received
from transports.confirms import ConfirmedPublisher
from transports.links import Outgoing
from transports.senders import SENDER, Senders

MAX_DELIVERIES, MAX_TRIED = 5, 1000
ATTEMPT, QUEUE, ERROR, CODE, FAILED_AT = "x-attempt", "x-queue", "x-error", "x-code", "x-failed-at"
OWN_HEADERS = (ATTEMPT, QUEUE, ERROR, CODE, FAILED_AT, SENDER, "x-death", "x-delivery-count", "x-acquired-count")


class Undeliverable(Exception):
    """A message that fails at every try."""


class WrongAccount(Undeliverable):
    """Another account has sent the event in the name of its source."""

    code = "wrong_account"


class Delivery:
    """Sends the failed messages of one service on."""

    def __init__(self, senders: Senders, publisher: ConfirmedPublisher, delays: tuple[float, ...]) -> None:
        self.service, self.senders, self.publisher, self.delays = senders.process, senders, publisher, delays

    def fail(self, message: Received, queue: str, error: BaseException) -> None:
        """Send it to wait, or to the dead letters; `BrokerDown` when the broker did not take it."""
        attempt = _tried(message.headers.get(ATTEMPT, 0)) + (not is_outage(error))
        dead = isinstance(error, Undeliverable) or attempt > len(self.delays)
        exchange = "" if dead else retry_exchange(self.service, self.delays[max(attempt - 1, 0)])
        sender = self.senders.sender_of(message.properties, message.headers)
        headers = {**fresh_headers(message.headers), **_told(error, attempt, queue), SENDER: sender}
        properties = {"delivery_mode": 2, "message_id": message.properties.get("message_id") or ""}
        key = dead_queue(self.service) if dead else queue
        self.publisher.publish([Outgoing(bytes_of(message.body), exchange, key, headers, properties, needs_queue=True)])
        fate = "refused" if isinstance(error, WrongAccount) else "dead" if dead else "again"
        self._tell(queue, error, attempt, fate, sender)

    def _tell(self, queue: str, error: BaseException, attempt: int, fate: str, sender: str) -> None:
        handler = queue.rpartition("--")[2]
        EVENTS_FAILED.labels(self.service, handler, fate).inc()
        facts = {"attempt": attempt, "error": _class_of(error), "sender": sender}
        log.warning("event failed", service=self.service, handler=handler, fate=fate, **facts)


def is_outage(error: BaseException) -> bool:
    """Whether the database was away, or the relay late (`events_unsent`): such a failure does not count as a try."""
    return isinstance(error, Unavailable | NoAnswer)


def _tried(said: object) -> int:
    """The number of failures in a header; the highest number if the header is not such a number."""
    return said if isinstance(said, int) and 0 <= said < MAX_TRIED else MAX_TRIED


def _told(error: BaseException, attempt: int, queue: str) -> dict[str, object]:
    """The headers for operators: the class and code of the failure, never its text."""
    code = str(getattr(error, "code", "") or "")
    return {ATTEMPT: attempt, QUEUE: queue, ERROR: _class_of(error), CODE: code, FAILED_AT: clock.now().isoformat()}


def _class_of(error: BaseException) -> str:
    """The class of the error, or of the unexpected one that it masks."""
    return getattr(error, "cause", "") or type(error).__name__


def fresh_headers(headers: Mapping[str, object]) -> dict[str, object]:
    """The event's own headers, without those of its earlier tries."""
    return {name: value for name, value in headers.items() if name not in OWN_HEADERS}


def bytes_of(body: object) -> bytes:
    """A message's body as it came."""
    return body if isinstance(body, bytes) else str(body).encode()
