"""The state of a sandbox: JSON records in an SQLite file, which survive a restart."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

TABLE = """CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    UNIQUE (kind, key)
)"""
INDEXED = ("status", "reference", "payment_intent")
"""The fields by which records are found often."""


class Store:
    """Records of several kinds, each under its key. All threads share one connection, one transaction at a time."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(TABLE)
        for name in INDEXED:
            index = f"CREATE INDEX IF NOT EXISTS by_{name} ON record (kind, json_extract(value, '$.{name}'))"
            self._database.execute(index)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the store. An exception undoes all changes; an inner transaction is a part of the outer."""
        with self._lock:
            if self._depth:
                yield
                return
            self._depth += 1
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            else:
                self._database.execute("COMMIT")
            finally:
                self._depth -= 1

    def put(self, kind: str, key: str, value: Json) -> Json:
        """Store a record, in place of an older one with the key."""
        with self._lock:
            self._database.execute(
                "INSERT INTO record (kind, key, value) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                (kind, key, json.dumps(value)),
            )
        return value

    def get(self, kind: str, key: str) -> Json | None:
        """Return a record, or None."""
        with self._lock:
            row = self._database.execute("SELECT value FROM record WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def find(self, kind: str, **fields: object) -> list[Json]:
        """Return the records whose fields have these values, oldest first."""
        tests = "".join(f" AND json_extract(value, '$.{name}') = ?" for name in fields)
        statement = f"SELECT value FROM record WHERE kind = ?{tests} ORDER BY number"  # noqa: S608
        with self._lock:
            rows = self._database.execute(statement, (kind, *fields.values())).fetchall()
        return [json.loads(row[0]) for row in rows]

    def remove(self, kind: str, key: str) -> None:
        """Delete a record."""
        with self._lock:
            self._database.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))

    def next_number(self, name: str) -> int:
        """Return 1, 2, 3 and so on."""
        with self.transaction():
            number = int((self.get("number", name) or {"last": 0})["last"]) + 1
            self.put("number", name, {"last": number})
        return number

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
