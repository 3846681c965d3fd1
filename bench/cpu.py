"""Read the CPU time of processes with their children from /proc, by headings such as "service" and "database"."""

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
COMMON = ""
"""Work of a database server for all its databases: log, checkpoints."""
CLIENT = re.compile(r"^postgres: (?:\S+: )?\S+ (\S+) (?:\S+\(\d+\)|\[local\])")
"""The title of a PostgreSQL process that serves a client: user, database, address."""


@dataclass(frozen=True, slots=True)
class Process:
    """A line of the process table. `seconds` include those of ended children."""

    parent: int
    seconds: float


@dataclass(frozen=True)
class Watch:
    """The processes under each heading: process trees, and the database server's processes by database."""

    trees: Mapping[int, str]
    server: int | None
    databases: Mapping[str, str]
    """Headings by database name; other databases do not count."""

    @property
    def bystanders(self) -> list[int]:
        """Processes that do not take part in the request itself."""
        return [pid for pid, heading in self.trees.items() if heading == "others"]

    def seconds(self) -> dict[str, float]:
        """Return the CPU seconds used so far, by heading."""
        table, used = _table(), defaultdict[str, float](float)
        for root, heading in self.trees.items():
            used[heading] += sum(table[pid].seconds for pid in _tree(root, table))
        for pid in _tree(self.server, table) if self.server is not None else ():
            database = _database(pid)
            if database in self.databases:
                used[self.databases[database]] += table[pid].seconds
        return used


def _table() -> dict[int, Process]:
    return {int(path.name): found for path in Path("/proc").glob("[0-9]*") if (found := _read(path)) is not None}


def _read(path: Path) -> Process | None:
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None  # It has ended since it was listed.
    return Process(int(fields[1]), sum(map(int, fields[11:15])) / TICKS)


def _tree(root: int, table: Mapping[int, Process]) -> list[int]:
    """Return a process and all its descendants."""
    children = defaultdict[int, list[int]](list)
    for pid, process in table.items():
        children[process.parent].append(pid)
    found, todo = list[int](), [root] if root in table else []
    while todo:
        found.append(todo.pop())
        todo += children[found[-1]]
    return found


def _database(pid: int) -> str:
    """Return the database that a PostgreSQL process serves; `COMMON` if it serves all."""
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return COMMON
    match = CLIENT.match(title)
    return match[1] if match else COMMON
