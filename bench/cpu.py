"""CPU time of processes with all their children, from /proc, by headings such as "service" and "database"."""

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
COMMON = ""
"""Stands for what a database server does for all its databases: its log, its checkpoints."""
CLIENT = re.compile(r"^postgres: (?:\S+: )?\S+ (\S+) (?:\S+\(\d+\)|\[local\])")
"""The title of a process of PostgreSQL that serves a client: user, database, address."""


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table. `seconds` are its own and those of its children that have ended."""

    parent: int
    seconds: float


@dataclass(frozen=True)
class Watch:
    """What to count under which heading: trees of processes, and of a database server the processes by database."""

    trees: Mapping[int, str]
    server: int | None
    databases: Mapping[str, str]
    """Headings by the database's name; those of a name that is not here are not counted."""

    @property
    def bystanders(self) -> list[int]:
        """Processes that have no part in the request itself."""
        return [pid for pid, heading in self.trees.items() if heading == "others"]

    def seconds(self) -> dict[str, float]:
        """The CPU seconds used so far, by heading."""
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
    """A process and all its descendants."""
    children = defaultdict[int, list[int]](list)
    for pid, process in table.items():
        children[process.parent].append(pid)
    found, todo = list[int](), [root] if root in table else []
    while todo:
        found.append(todo.pop())
        todo += children[found[-1]]
    return found


def _database(pid: int) -> str:
    """The database that a process of PostgreSQL serves; `COMMON` for one that serves them all."""
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return COMMON
    match = CLIENT.match(title)
    return match[1] if match else COMMON
