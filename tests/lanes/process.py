"""One lane that runs: its process, and what its report says so far."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.servers.processes import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lanes.table import Lane

# Tests that wait measure how soon something answers; those that only compute can let them go first.
POLITE = ("nice", "-n", "5")
PROGRESS = re.compile(r"\[\s*\d+%\]\s*$")
INTERNAL_ERROR = 3
# Interrupted, internal error and usage: pytest prints the reason itself, and may end without a summary.
WITHOUT_SUMMARY = (2, INTERNAL_ERROR, 4)
PYTEST_CODES = range(6)


@dataclass
class Report:
    """The facts from the plugin in report.py. ``counts`` is there once pytest has ended in good order.

    ``failed`` has for each failed test the words under which pytest counts it, such as `failed` and `error`.
    """

    total: int | None = None
    seed: int | None = None
    running: str = ""
    done: int = 0
    failed: dict[str, list[str]] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    counts: dict[str, int] | None = None
    busy: float | None = None

    def take(self, facts: dict[str, object]) -> None:
        """Take one line."""
        match facts:
            case {"done": _}:
                self.done += 1
            case {"failed": test, "counted_as": word}:
                self.failed.setdefault(str(test), []).append(str(word))
            case {"passed": test}:
                self.passed.add(str(test))
            case _:
                for name, value in facts.items():
                    setattr(self, name, value)


class LaneProcess:
    """A pytest process for one lane. ``folder`` takes its log and its report."""

    def __init__(self, lane: Lane, root: Path, folder: Path) -> None:
        self.lane, self.report = lane, Report()
        self.log, self._path = folder / f"{lane.name}.log", folder / f"{lane.name}.report"
        self._path.touch()
        self._read, self._began, self._ended = 0, time.monotonic(), 0.0
        self._program = Program(self._command(), log=self.log, folder=root)

    def _command(self) -> list[str | Path]:
        return [
            *(() if self.lane.waits else POLITE), sys.executable, "-m", "pytest", *self.lane.choice,
            "-p", "tests.lanes.report", "--lane-report", self._path, "-o", f"cache_dir=.pytest_cache/{self.lane.name}",
            f"--color={'yes' if sys.stdout.isatty() else 'no'}",
        ]  # fmt: skip

    def look(self) -> list[str]:
        """Read the new lines of the report, and return the tests that have failed since the last look."""
        if not self._ended and not self.is_running():
            self._ended = time.monotonic()
        known = len(self.report.failed)
        with self._path.open() as file:
            file.seek(self._read)
            lines, _, _incomplete = file.read().rpartition("\n")
        self._read += len(lines) + 1 if lines else 0
        for line in lines.splitlines():
            self.report.take(json.loads(line))
        return list(self.report.failed)[known:]

    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self._program.is_running()

    def interrupt(self) -> None:
        """Ask it to end as Ctrl-C does."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._program.pid, signal.SIGINT)

    def kill(self) -> None:
        """End it and all below it; its servers are ended by its own janitor at the latest."""
        self._program.kill()

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return (self._ended or time.monotonic()) - self._began

    @property
    def death(self) -> str:
        """How it ended without a summary; empty while it runs, and when it ended in good order."""
        code = self._program.code
        has_said = self.report.counts is not None or code in WITHOUT_SUMMARY
        if code is None or (has_said and code in PYTEST_CODES):
            return ""
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"lane {self.lane.name} died ({how}) {self._whereabouts()}"

    def _whereabouts(self) -> str:
        return f"in {self.report.running}" if self.report.running else "before its first test"

    @property
    def code(self) -> int:
        """Pytest's exit code, or that of an internal error when the process died before its summary."""
        return INTERNAL_ERROR if self.death else self._program.code or 0

    def progress(self) -> str:
        """How far it is."""
        report = self.report
        if report.total is None:
            return "collects"
        if not report.done and not report.running:
            return f"prepares {report.total} tests"
        failed = f", {len(report.failed)} failed" if report.failed else ""
        return f"{report.done} of {report.total} tests{failed}"

    def again(self) -> str:
        """The command that runs the same tests in the same order."""
        seed = [] if self.report.seed is None else [f"--randomly-seed={self.report.seed}"]
        return f'make test ARGS="{shlex.join([*seed, *self.lane.choice])}"'

    def words(self) -> str:
        """Its output: all of it after a failure, else what follows the dots."""
        lines = self.log.read_text(errors="replace").splitlines()
        dots = [number for number, line in enumerate(lines, start=1) if PROGRESS.search(line)]
        return "\n".join(lines if self.code or not dots else lines[dots[-1] :]).strip("\n")
