"""Two plain nameko services: one books and publishes, the other notifies. Each commits its row before it sends.

`nameko run` serves them. `PLAIN_FOLDER` has their database, and the files by which a test holds them up: while there is
`slow`, a booking waits between its commit and its event; while there is `broken`, the one who tells fails.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import eventlet
from nameko.events import EventDispatcher, event_handler
from nameko.rpc import rpc

FOLDER = Path(os.environ["PLAIN_FOLDER"])


def _write(table: str, key: str) -> None:
    with closing(sqlite3.connect(FOLDER / "plain.db", timeout=10)) as connection, connection:
        connection.execute(f"INSERT INTO {table} VALUES (?)", [key])  # noqa: S608  one of two fixed tables


class Bookings:
    """Books appointments."""

    name = "plain_bookings"
    dispatch = EventDispatcher()

    @rpc  # type: ignore[untyped-decorator]
    def book(self, key: str) -> str:
        """Write the booking, then publish the event."""
        _write("booking", key)
        while (FOLDER / "slow").exists():
            eventlet.sleep(0.02)
        self.dispatch("booked", {"key": key})
        return key


class Notifier:
    """Notifies people of bookings."""

    name = "plain_notifier"

    @event_handler("plain_bookings", "booked")  # type: ignore[untyped-decorator]
    def tell(self, payload: dict[str, Any]) -> None:
        """Write the notification."""
        if (FOLDER / "broken").exists():
            raise RuntimeError("the notifier is broken")
        _write("notification", payload["key"])
