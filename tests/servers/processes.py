"""Programs of a test run: started, frozen, killed, awaited, and never left behind."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import janitor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Unavailable(Exception):
    """A server cannot be had in this way; the text says why."""


PORTS = 12_000, 32_000


def free_ports(count: int) -> list[int]:
    """Return free ports of the loopback interface, all different.

    None of those from which the system takes the ports of outgoing connections: a server that is killed and started
    again would find its own port taken by some client of another lane.
    """
    found = list[int]()
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = random.randrange(*PORTS)
            with contextlib.suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
    return found


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str, pause: float = 0.05) -> None:
    """Wait until the condition holds. Unavailable when it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Unavailable(f"{what} took longer than {seconds:g} s")
        time.sleep(pause)


class Janitor:
    """Our end of the pipe to the process in janitor.py, which clears up when we are gone."""

    def __init__(self) -> None:
        reading, self._pipe = os.pipe()
        command = [sys.executable, janitor.__file__]
        self._process = subprocess.Popen(
            command, stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        os.close(reading)
        atexit.register(self._close)

    def keep(self, key: str, **facts: object) -> None:
        """Have this ended when we end. ``facts`` are those that janitor.py asks of its kind."""
        self._tell({"keep": key, **facts})

    def forget(self, key: str) -> None:
        """Say that we have ended it ourselves."""
        self._tell({"forget": key})

    def _tell(self, item: dict[str, object]) -> None:
        os.write(self._pipe, json.dumps(item).encode() + b"\n")

    def _close(self) -> None:
        os.close(self._pipe)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=15)


@functools.cache
def the_janitor() -> Janitor:
    """Return the one janitor of this process, started when the first thing is kept."""
    return Janitor()


class Folder:
    """A temporary folder that goes with the run. ``owner`` is the account that may write to it."""

    def __init__(self, name: str, owner: str | None = None) -> None:
        self.path, self._owner = Path(tempfile.mkdtemp(prefix=f"matron-{name}-")), owner
        the_janitor().keep(str(self.path), kind="folder", path=str(self.path))
        self._hand_over(self.path)

    def write(self, name: str, text: str) -> Path:
        """Write a file that only the owner may read, with any umask."""
        file = self.path / name
        file.write_text(text)
        file.chmod(0o600)
        self._hand_over(file)
        return file

    def _hand_over(self, path: Path) -> None:
        if self._owner:
            shutil.chown(path, self._owner)

    def remove(self) -> None:
        """Remove it now."""
        shutil.rmtree(self.path, ignore_errors=True)
        the_janitor().forget(str(self.path))


class Program:
    """One running program with all its children, in a session of its own, so that Ctrl-C does not reach it.

    ``user`` is the account it runs as; only root can name one. Its output is appended to ``log``, beside which it runs
    unless ``folder`` says otherwise.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        folder: Path | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self._log = log
        groups: list[str] | None = [] if user else None
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(each) for each in command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder or log.parent,
                env=env, user=user, extra_groups=groups, start_new_session=True,
            )  # fmt: skip
        self._key = f"process {self.pid}"
        the_janitor().keep(self._key, kind="process", pid=self.pid, birth=janitor.birth(self.pid))

    @property
    def pid(self) -> int:
        """The id of the first process."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """What the first process ended with, negative after a signal; None while it runs."""
        return self._process.poll()

    def is_running(self) -> bool:
        """Whether the first process has not ended yet."""
        return self.code is None

    def last_words(self, lines: int = 5) -> str:
        """Return the end of its output, for a message about its failure."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def freeze(self) -> None:
        """Freeze the program and its children with SIGSTOP. Sockets stay open, without answers."""
        self._signal_tree(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue the program and its children."""
        self._signal_tree(signal.SIGCONT)

    def stop(self, number: signal.Signals, *, seconds: float = 30) -> None:
        """End the program with a signal, and wait. Kill it after the limit."""
        self._process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the program and its children with SIGKILL, and wait until all have ended."""
        tree = janitor.end_tree(self.pid) if self.is_running() else []
        self._process.wait()
        wait_until(lambda: not any(janitor.birth(each) for each in tree), seconds=10, what="the end of a killed server")
        the_janitor().forget(self._key)

    def _signal_tree(self, number: signal.Signals) -> None:
        for pid in [self.pid, *janitor.descendants(self.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
