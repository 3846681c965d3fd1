"""What is printed when all lanes have ended: the words of each, a table of times, and pytest's closing line."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lanes.process import LaneProcess

# In the order of pytest's own closing line, which has no `unsteady`.
OUTCOMES = ("failed", "unsteady", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "error")
# The worst of pytest's exit codes first: internal error, usage, interrupted or unreadable tests, failures, success.
# All tests are nowhere only when no lane has any.
WORST = (3, 4, 2, 1, 0, 5)
INTERRUPTED = 2
FAILED = 1


@dataclass
class Summary:
    """All lanes, and the second try of the tests that failed in them."""

    lanes: list[LaneProcess] = field(default_factory=list)
    second: LaneProcess | None = None
    interrupted: bool = False

    @property
    def all(self) -> list[LaneProcess]:
        """The lanes and the second try, in the order of their starts."""
        return [*self.lanes, *([self.second] if self.second else [])]

    @property
    def failed(self) -> list[str]:
        """The tests that failed, and did not pass the second try."""
        return [test for lane in self.lanes for test in lane.report.failed if not self._is_unsteady(test)]

    @property
    def unsteady(self) -> list[str]:
        """The tests that failed in a lane and passed the second try."""
        return [test for lane in self.lanes for test in lane.report.failed if self._is_unsteady(test)]

    def _is_unsteady(self, test: str) -> bool:
        report = self.second.report if self.second else None
        return report is not None and test in report.passed and test not in report.failed

    @property
    def exit_code(self) -> int:
        """Pytest's exit code for all lanes together. An unsteady test does not fail the run."""
        if self.interrupted:
            return INTERRUPTED
        found = {lane.code for lane in self.all}
        if self.unsteady and not self.failed:
            found -= {FAILED}
        return next((code for code in WORST if code in found), max(found))

    def show(self, seconds: float) -> None:
        """Print the summary."""
        for lane in self.lanes:
            print(f"\n{_ruled(f'lane {lane.lane.name}')}\n{lane.words()}\nagain: {lane.again()}")
        if self.second:
            print(f"\n{_ruled('second try of the failed tests, alone')}\n{self.second.words()}")
        print(f"\n{_ruled('all lanes')}")
        print(_row("lane", "tests", "seconds", "processor"))
        for lane in self.all:
            busy = "?" if lane.report.busy is None else f"{lane.report.busy:.0f}"
            print(_row(lane.lane.name, str(lane.report.done), f"{lane.seconds:.0f}", busy))
        self._show_verdict(seconds)

    def _show_verdict(self, seconds: float) -> None:
        for death in filter(None, (lane.death for lane in self.all)):
            print(f"ERROR {death}")
        for test in self.failed:
            print(f"FAILED {test}")
        if self.unsteady:
            print(_ruled("UNSTEADY: failed in a lane, passed alone", "!"))
        for test in self.unsteady:
            print(f"UNSTEADY {test}")
        if self.interrupted:
            print(_ruled("interrupted", "!"))
        print(_ruled(self._closing(seconds)))

    def _closing(self, seconds: float) -> str:
        """Return the outcomes of all lanes in the form of pytest's last line. A lane that died is an error."""
        counts = self._counts()
        parts = [f"{counts[name]} {_inflected(name, counts[name])}" for name in OUTCOMES if counts[name] > 0]
        long = f" ({timedelta(seconds=int(seconds))})" if seconds >= 60 else ""
        return f"{', '.join(parts) or 'no tests ran'} in {seconds:.2f}s{long}"

    def _counts(self) -> Counter[str]:
        """The outcomes of the lanes as pytest counts them. An unsteady test counts as nothing else."""
        counts: Counter[str] = Counter(unsteady=len(self.unsteady))
        for lane in self.lanes:
            counts.update(lane.report.counts or {})
            for test in filter(self._is_unsteady, lane.report.failed):
                counts.subtract([*lane.report.failed[test], *(["passed"] if test in lane.report.passed else [])])
        counts["error"] += sum(bool(lane.death) for lane in self.all)
        return counts


def _inflected(name: str, count: int) -> str:
    if name not in {"warnings", "error"}:
        return name
    return f"{name.removesuffix('s')}{'s' if count != 1 else ''}"


def _ruled(text: str, line: str = "=") -> str:
    return f" {text} ".center(shutil.get_terminal_size().columns, line)


def _row(*cells: str) -> str:
    return "".join(f"{cells[0]:<12}") + "".join(f"{cell:>10}" for cell in cells[1:])
