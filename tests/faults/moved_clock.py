"""`matron` with a clock that a test moves: `python -m tests.faults.moved_clock serve clinical`.

The environment variable `CLOCK_FILE` names a file with the seconds by which the clock of the process is ahead. Only
`chassis.clock` moves, which tells the hospital the time. Deadlines and pauses of timers keep the time of the machine.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from chassis import clock
from matron.command import main

VARIABLE = "CLOCK_FILE"


@dataclass(frozen=True)
class ClockFile:
    """The clock of processes."""

    path: Path

    def move(self, ahead: timedelta) -> None:
        """Set the clock this far ahead of the machine's."""
        new = self.path.with_suffix(".new")
        new.write_text(str(ahead.total_seconds()))
        new.replace(self.path)

    @property
    def ahead(self) -> timedelta:
        """How far the clock is ahead."""
        return timedelta(seconds=float(self.path.read_text()))


def install(file: ClockFile) -> None:
    """Move the clock of this process."""
    present = clock.now

    def now() -> datetime:
        return present() + file.ahead

    clock.now = now


if __name__ == "__main__":
    install(ClockFile(Path(os.environ[VARIABLE])))
    main()
