"""Start the lanes, say every minute how far they are, and end them together."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.lanes.process import LaneProcess
from tests.lanes.second import second_try
from tests.lanes.summary import Summary
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
    whole = Summary()
    try:
        whole.lanes += [LaneProcess(lane, root, folder.path) for lane in lanes]
        _say(began, f"{len(lanes)} lanes: {', '.join(lane.name for lane in lanes)}")
        _watch(whole.lanes, began, every)
        if again := second_try(whole.lanes):
            _say(began, f"failed tests run once more, alone: {len(again.paths)}")
            whole.second = LaneProcess(again, root, folder.path)
            _watch([whole.second], began, every)
    except KeyboardInterrupt:
        whole.interrupted = True
        _end(whole.all)
    whole.show(seconds=time.monotonic() - began)
    folder.remove()
    return whole.exit_code


def _watch(running: Sequence[LaneProcess], began: float, every: float) -> None:
    """Return when all lanes have ended; say at once what fails, and now and then how far they are."""
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
