"""Names of stored objects, and what a store does with them."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from typing import Protocol
from uuid import UUID

PIECE = 256 * 1024
"""Bytes of one piece that a store reads or writes."""


class StoreError(Exception):
    """The store does not answer, or an object is missing. The text names no object."""


class Upload(Protocol):
    """An object under way. It has its name only after `complete`."""

    def write(self, data: bytes) -> None:
        """Add bytes. StoreError."""

    def complete(self) -> None:
        """Make the object durable, under its name. StoreError: it may or may not exist."""

    def discard(self) -> None:
        """Remove what was written. A failure is logged: a sweep removes the rest later."""


class Store(Protocol):
    """A store of objects. Its calls do not block the process."""

    def begin(self, name: str) -> Upload:
        """Start a new object. StoreError."""

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of an object. StoreError: it is missing, or the store fails."""

    def delete(self, name: str) -> None:
        """Delete an object, if it exists. StoreError."""

    def sweep(self, folder: str, known: Collection[str]) -> int:
        """Delete all objects of a folder but the known, and the unfinished ones; return their number. StoreError."""

    def is_writable(self) -> bool:
        """Whether the store takes objects now."""


def name_of(object_id: UUID) -> str:
    """Return the name of an object: the day of its id (RFC 9562, version 7), and the id."""
    day = datetime.fromtimestamp((object_id.int >> 80) / 1000, UTC).date()
    return f"{folder_of(day)}/{object_id}"


def folder_of(day: date) -> str:
    """Return the folder of the objects of a day (UTC)."""
    return day.isoformat()


class Probe:
    """Whether a store is writable, tested at most once in some seconds, and each time while it is not."""

    def __init__(self, test: Callable[[], bool], seconds: float, now: Callable[[], float]) -> None:
        self.test, self.seconds, self.now = test, seconds, now
        self.good_until = 0.0

    def __call__(self) -> bool:
        """Return the result of the last test, or of a new one."""
        if self.now() < self.good_until:
            return True
        if not self.test():
            return False
        self.good_until = self.now() + self.seconds
        return True
