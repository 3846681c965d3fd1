"""Start the lanes, say every minute how far they are, and end them together."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.lanes import summary
from tests.lanes.process import LaneProcess
from tests.servers.processes import Folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.lanes.table import Lane

LOOK_SECONDS = 0.5
SAY_SECONDS = 60.0
# Lanes end their servers and hospitals in good order, which takes a few seconds each.
END_SECONDS = 30.0


def run(lanes: Sequence[Lane], root: Path, *, every: float = SAY_SECONDS) -> int:
    """Run all lanes and return pytest's exit code for them together. ``every`` is the seconds between two words."""
    began, folder = time.monotonic(), Folder("lanes")
    running: list[LaneProcess] = []
    interrupted = False
    try:
        running += [LaneProcess(lane, root, folder.path) for lane in lanes]
        _watch(running, began, every)
    except KeyboardInterrupt:
        interrupted = True
        _end(running)
    summary.show(running, seconds=time.monotonic() - began, interrupted=interrupted)
    folder.remove()
    return summary.exit_code(running, interrupted=interrupted)


def _watch(running: Sequence[LaneProcess], began: float, every: float) -> None:
    """Return when all lanes have ended; say at once what fails, and now and then how far they are."""
    _say(began, f"{len(running)} lanes: {', '.join(each.lane.name for each in running)}")
    going, said = list(running), began
    while going:
        time.sleep(LOOK_SECONDS)
        ended = [each for each in going if not each.is_running()]
        for each in going:
            for test in each.look():
                _say(began, f"FAILED {test}")
        for each in ended:
            going.remove(each)
            _say(began, f"{each.lane.name} has ended: {each.death or each.progress()}")
        if going and time.monotonic() - said >= every:
            said = time.monotonic()
            _say(began, "; ".join(f"{each.lane.name} {each.progress()}" for each in going))


def _end(running: Sequence[LaneProcess]) -> None:
    """End all lanes in good order, and those that take too long at once."""
    for lane in running:
        lane.interrupt()
    deadline = time.monotonic() + END_SECONDS
    while any(lane.is_running() for lane in running) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    for lane in running:
        lane.kill()
        lane.look()


def _say(began: float, text: str) -> None:
    print(f"[{timedelta(seconds=int(time.monotonic() - began))}] {text}", flush=True)
