"""Events and dead letters for tests, in the form of the relay and the consumers."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

from chassis.event import Event
from chassis.messaging.delivery import ATTEMPT, CODE, ERROR, FAILED_AT, QUEUE
from chassis.messaging.outbox import message_of
from chassis.messaging.topology import dead_queue, declare_event_queue, declare_retries
from contracts.scheduling.appointments.events import AppointmentBooked
from transports.links import Outgoing

HANDLER = "notify.on_appointment_booked"
NOTIFY = AppointmentBooked.queue_of(HANDLER)


def message(event: type[Event] = AppointmentBooked, event_id: UUID | None = None, key: str = NOTIFY) -> Outgoing:
    """The example of an event, as the relay sends it to a queue."""
    row = SimpleNamespace(
        event_id=event_id or uuid4(),
        name=event.event_name(),
        internal=event.internal,
        subject=event.example[event.subject],
        data=event.example,
        correlation_id="request-1",
        occurred_at=datetime.now(UTC),
        sequence=1,
    )
    return message_of(event.service, cast("Any", row), exchange="", key=key)


def letter(
    event: type[Event] = AppointmentBooked, handler: str = HANDLER, *, queue: str = "", event_id: UUID | None = None
) -> Outgoing:
    """The example of an event as a dead letter of its handler."""
    sent = message(event, event_id)
    told = {
        ATTEMPT: 3,
        QUEUE: queue or event.queue_of(handler),
        ERROR: "Conflict",
        CODE: "closed",
        FAILED_AT: "2026-11-22T09:00:00+00:00",
    }
    return Outgoing(sent.body, "", dead_queue(handler.partition(".")[0]), {**sent.headers, **told}, sent.properties)


def declare(channel: Any, event: type[Event] = AppointmentBooked, handler: str = HANDLER) -> None:
    """Declare the queue of the handler and its dead letters, as its service does."""
    declare_event_queue(channel, event, handler)
    declare_retries(channel, handler.partition(".")[0], ())
