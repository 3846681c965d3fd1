"""What is printed when all lanes have ended: the words of each, a table of times, and pytest's closing line."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lanes.process import LaneProcess

# In the order of pytest's own closing line.
OUTCOMES = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "error")
# The worst of pytest's exit codes first: internal error, usage, interrupted or unreadable tests, failures, success.
# All tests are nowhere only when no lane has any.
WORST = (3, 4, 2, 1, 0, 5)
INTERRUPTED = 2


def exit_code(lanes: Sequence[LaneProcess], *, interrupted: bool) -> int:
    """Return pytest's exit code for all lanes together."""
    found = {lane.code for lane in lanes} | ({INTERRUPTED} if interrupted else set())
    return INTERRUPTED if interrupted else next((code for code in WORST if code in found), max(found))


def show(lanes: Sequence[LaneProcess], *, seconds: float, interrupted: bool) -> None:
    """Print the summary."""
    for lane in lanes:
        print(f"\n{_ruled(f'lane {lane.lane.name}')}\n{lane.words()}\nagain: {lane.again()}")
    print(f"\n{_ruled('all lanes')}")
    print(_row("lane", "tests", "seconds", "processor"))
    for lane in lanes:
        busy = "?" if lane.report.busy is None else f"{lane.report.busy:.0f}"
        print(_row(lane.lane.name, str(lane.report.done), f"{lane.seconds:.0f}", busy))
    for death in filter(None, (lane.death for lane in lanes)):
        print(f"ERROR {death}")
    for test in (f"FAILED {test}" for lane in lanes for test in lane.report.failed):
        print(test)
    if interrupted:
        print(_ruled("interrupted", "!"))
    print(_ruled(closing(lanes, seconds)))


def closing(lanes: Sequence[LaneProcess], seconds: float) -> str:
    """Return the outcomes of all lanes in the form of pytest's last line. A lane that died is an error."""
    counts: Counter[str] = Counter()
    for lane in lanes:
        counts.update(lane.report.counts or {})
        counts["error"] += bool(lane.death)
    parts = [f"{counts[name]} {_inflected(name, counts[name])}" for name in OUTCOMES if counts[name]]
    long = f" ({timedelta(seconds=int(seconds))})" if seconds >= 60 else ""
    return f"{', '.join(parts) or 'no tests ran'} in {seconds:.2f}s{long}"


def _inflected(name: str, count: int) -> str:
    if name not in {"warnings", "error"}:
        return name
    return f"{name.removesuffix('s')}{'s' if count != 1 else ''}"


def _ruled(text: str, line: str = "=") -> str:
    return f" {text} ".center(shutil.get_terminal_size().columns, line)


def _row(*cells: str) -> str:
    return "".join(f"{cells[0]:<12}") + "".join(f"{cell:>10}" for cell in cells[1:])
