"""Repeats all events: each goes to each of its handlers twice more, at once."""

import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

import amqp
import kombu

from chassis.config import SERVICES
from matron.replay import events_by_name

TIMES = 2
LOOK_SECONDS = 0.1


class Copier:
    """Copies events while it is entered. `copies` counts the copies for each handler."""

    def __init__(self, amqp_url: str) -> None:
        self.copies: Counter[str] = Counter()
        # Other tests of the run declare events of services outside the hospital.
        self.events = {name: event for name, event in events_by_name().items() if event.service in SERVICES}
        self.handlers = [handler for event in self.events.values() for handler in event.heard_by]
        self.connection = kombu.Connection(amqp_url)
        self.channel: Any = self.connection.channel()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        queue = self.channel.queue_declare(exclusive=True).queue
        for service in SERVICES:
            for audience in ("events", "internal"):
                self.channel.queue_bind(queue=queue, exchange=f"{service}.{audience}", routing_key="#")
        self.channel.basic_consume(queue, no_ack=True, callback=self._copy)
        self.thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.thread.join()
        self.connection.release()

    def _run(self) -> None:
        """Copy until no event has arrived for a while after the end."""
        while True:
            try:
                self.connection.drain_events(timeout=LOOK_SECONDS)
            except TimeoutError:
                if self.stopping.is_set():
                    return

    def _copy(self, raw: amqp.Message) -> None:
        event = self.events[raw.delivery_info["routing_key"]]
        for handler in event.heard_by:
            for _ in range(TIMES):
                copy = amqp.Message(raw.body, **raw.properties)
                self.channel.basic_publish(copy, exchange="", routing_key=event.queue_of(handler))
            self.copies[handler] += TIMES
