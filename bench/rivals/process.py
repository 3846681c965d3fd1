"""Start, await and stop the processes of a rival."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM

import requests

from tests.servers.processes import Program, Unavailable, wait_until

START_SECONDS = 30.0
END_SECONDS = 5.0


@contextmanager
def running(command: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> Iterator[Program]:
    """Run a program until the end of the block."""
    program = Program(command, log=log, env=dict(environment))
    try:
        yield program
    finally:
        program.stop(SIGTERM, seconds=END_SECONDS)


def answers(url: str, program: Program) -> None:
    """Wait until a page responds. Raise Unavailable with the program's last output if it does not."""

    def is_there() -> bool:
        if not program.is_running():
            raise Unavailable(f"it ended: {program.last_words()}")
        try:
            return requests.get(url, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    wait_until(is_there, seconds=START_SECONDS, what=url)
