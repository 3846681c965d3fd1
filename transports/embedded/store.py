"""The durable part of a broker in a SQLite file. One process writes; others may read at the same time (WAL).

    message(id, queue, body, properties, expires_at, exchange, routing_key, deliveries)
    topology(id, exchanges, queues, bindings)

A row of `message` is an unacknowledged persistent message in a durable queue. `id` gives the order within a queue.
`body` is text or a blob, as published. `properties` are JSON with the names of AMQP; `application_headers` are the
headers. `expires_at` is in seconds since 1970, or null. `deliveries` counts the deliveries from a quorum queue.

`topology` has one row of JSON: {name: {type, auto_delete, arguments}}, {name: {auto_delete, arguments}} and
[[source, "queue" or "exchange", destination, routing_key]]. It is small and changes seldom, so it is written
as a whole.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic, time
from typing import Any

from amqp import exceptions as amqp
from kombu.utils import json

from transports.embedded.model import Entry, Exchange, Queue

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, queue TEXT, body, properties TEXT, expires_at REAL,
    exchange TEXT, routing_key TEXT, deliveries INTEGER);
CREATE TABLE IF NOT EXISTS topology (id INTEGER PRIMARY KEY, exchanges TEXT, queues TEXT, bindings TEXT);
"""


class Store:
    """Collects changes, which `commit` writes in one transaction. Without a path, it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._changes: list[tuple[str, tuple[Any, ...]]] = []
        self._file: sqlite3.Connection | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.executescript(SCHEMA)

    def _change(self, statement: str, *values: Any) -> None:
        if self._file is not None:
            self._changes.append((statement, values))

    def _rows(self, query: str) -> list[Any]:
        return self._file.execute(query).fetchall() if self._file is not None else []

    def commit(self) -> None:
        """Write the changes, all or none. A full disk is a broker error, which clients retry."""
        if not self._changes or self._file is None:
            return
        changes, self._changes = self._changes, []
        try:
            with self._file:
                self._file.execute("BEGIN")
                for statement, values in changes:
                    self._file.execute(statement, values)
        except sqlite3.Error as error:
            raise amqp.ResourceError(f"RESOURCE_ERROR - {error}") from error

    def close(self) -> None:
        """Close the file. Later changes are dropped."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def put(self, queue: Queue, entry: Entry) -> None:
        """Store a message."""
        if self._file is not None:
            entry.stored = True
            at = None if entry.expires_at is None else time() + entry.expires_at - monotonic()
            row = (entry.id, queue.name, entry.body, json.dumps(entry.properties), at, entry.exchange)  # type: ignore[no-untyped-call]  # kombu has no types
            self._change("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, 0)", *row, entry.routing_key)

    def count(self, entry: Entry) -> None:
        """Store the delivery count of a message, so that a message that kills its process reaches its limit."""
        if entry.stored:
            self._change("UPDATE message SET deliveries = ? WHERE id = ?", entry.deliveries, entry.id)

    def drop(self, entry: Entry) -> None:
        """Delete a message."""
        if entry.stored:
            self._change("DELETE FROM message WHERE id = ?", entry.id)

    def drop_all(self, queue: Queue) -> None:
        """Delete the messages of a deleted queue."""
        if queue.durable:
            self._change("DELETE FROM message WHERE queue = ?", queue.name)

    def messages(self) -> Iterator[tuple[str, Entry]]:
        """The stored messages in order, each with the name of its queue."""
        now = time() - monotonic()
        for row in self._rows("SELECT * FROM message ORDER BY id"):
            number, queue, body, properties, at, exchange, key, deliveries = row
            entry = Entry(number, body, json.loads(properties), exchange, key, None if at is None else at - now)  # type: ignore[no-untyped-call]  # kombu has no types
            entry.stored = entry.redelivered = True
            entry.deliveries = deliveries
            yield queue, entry

    def put_topology(self, exchanges: Mapping[str, Exchange], queues: Mapping[str, Queue]) -> None:
        """Store the durable exchanges and queues, and the bindings between them."""
        if self._file is None:
            return
        kept = [exchange for exchange in exchanges.values() if exchange.durable]
        facts = {e.name: {"type": e.type, "auto_delete": e.auto_delete, "arguments": e.arguments} for e in kept}
        boxes = {q.name: {"auto_delete": q.auto_delete, "arguments": q.arguments} for q in queues.values() if q.durable}
        bindings = [
            [exchange.name, "queue" if isinstance(place, Queue) else "exchange", place.name, key]
            for exchange in kept
            for place, key in exchange.bindings
            if place.durable
        ]
        row = map(json.dumps, (facts, boxes, bindings))
        self._change("INSERT OR REPLACE INTO topology VALUES (1, ?, ?, ?)", *row)

    def topology(self) -> tuple[dict[str, Exchange], dict[str, Queue]]:
        """The stored exchanges, with their bindings, and the stored queues, still empty."""
        exchanges: dict[str, Exchange] = {}
        queues: dict[str, Queue] = {}
        for row in self._rows("SELECT exchanges, queues, bindings FROM topology"):
            facts, boxes, bindings = map(json.loads, row)
            exchanges = {name: Exchange(name, durable=True, **fact) for name, fact in facts.items()}
            queues = {name: Queue(name, durable=True, **box) for name, box in boxes.items()}
            for source, kind, destination, key in bindings:
                place = queues[destination] if kind == "queue" else exchanges[destination]
                exchanges[source].bindings[place, key] = None
        return exchanges, queues
