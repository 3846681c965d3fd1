"""Starts the two plain services, and reads their rows."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import kombu
from nameko.standalone.rpc import ClusterRpcProxy

from tests.hospital import Process, eventually

EVENTS = "evt-plain_bookings-booked--plain_notifier.tell"
MODULE = "tests.faults.plain.services"


class Pair:
    """The two services, each in its own process."""

    def __init__(self, folder: Path, amqp_url: str) -> None:
        self.folder, self.amqp_url = folder, amqp_url.replace("pyamqp://", "amqp://")
        with closing(sqlite3.connect(folder / "plain.db")) as connection:
            connection.executescript("CREATE TABLE booking (key TEXT); CREATE TABLE notification (key TEXT);")
        self.bookings, self.notifier = self._process("Bookings"), self._process("Notifier")

    def _process(self, service: str) -> Process:
        nameko = "from nameko.cli.main import main; main()"
        command = [sys.executable, "-c", nameko, "run", "--broker", self.amqp_url, f"{MODULE}:{service}"]
        environment = {"PLAIN_FOLDER": str(self.folder), "PYTHONPATH": str(Path.cwd()), "PYTHONWARNINGS": "ignore"}
        return Process(service, command, environment, self.folder / f"{service}.log")

    def start(self, process: Process, queue: str) -> None:
        """Start a service, and wait until it is ready."""
        process.start()
        eventually(lambda: self._queue(queue)[1] > 0, seconds=30)

    def _queue(self, name: str) -> tuple[int, int]:
        """The numbers of messages and consumers of a queue."""
        with kombu.Connection(self.amqp_url) as connection:
            try:
                found = connection.default_channel.queue_declare(queue=name, passive=True)
            except connection.channel_errors:
                return 0, 0
        return found.message_count, found.consumer_count

    def book(self, key: str) -> str:
        """Book with nameko's client, which waits for its answer without limit."""
        with ClusterRpcProxy({"AMQP_URI": self.amqp_url}) as services:
            answer: str = services.plain_bookings.book(key)
            return answer

    def count(self, table: str, key: str) -> int:
        """The number of rows of a booking."""
        with closing(sqlite3.connect(self.folder / "plain.db")) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table} WHERE key = ?", [key]).fetchone()[0])  # noqa: S608

    def waiting_events(self) -> int:
        """The number of events that wait for the notifier."""
        return self._queue(EVENTS)[0]

    @contextmanager
    def being(self, state: str) -> Iterator[None]:
        """Make the services `slow` or `broken` while entered."""
        (self.folder / state).touch()
        try:
            yield
        finally:
            (self.folder / state).unlink()
