"""The hosts of a server: an external one, a container (containers.py), or a local program."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

    from tests.servers.processes import Folder, Program


class Host(Protocol):
    """A host of RabbitMQ or PostgreSQL. Ports and data survive ``stop`` and ``kill``."""

    def address(self) -> str:
        """Return the host name or address of the ports. Known after the launch."""

    def launch(self) -> None:
        """Start the server, and return at once. Unavailable if it cannot start."""

    def is_running(self) -> bool:
        """Whether the server has not ended by itself."""

    def last_words(self) -> str:
        """Return the end of the log."""

    def stop(self) -> None:
        """Stop the server regularly."""

    def kill(self) -> None:
        """Kill the server with SIGKILL."""

    def freeze(self) -> None:
        """Freeze the processes, with their connections open."""

    def thaw(self) -> None:
        """Continue the frozen processes."""

    def discard(self) -> None:
        """Stop the server and remove its data."""


class Elsewhere:
    """An external server, known by its address. Tests may use it, but not control it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def address(self) -> str:
        """Return the given host."""
        return self._address

    def launch(self) -> None:
        """Do nothing: the server runs."""

    def is_running(self) -> bool:
        """Return true: only a connection can tell."""
        return True

    def last_words(self) -> str:
        """Return nothing: the log is not accessible."""
        return ""

    def stop(self) -> NoReturn:
        """Refuse."""
        raise RuntimeError("a server that was given by its address is not ours to touch; use a private one")

    kill = freeze = thaw = stop

    def discard(self) -> None:
        """Do nothing: the server is not ours."""


class Local:
    """A server that runs as programs on this machine, on the loopback interface.

    ``begin`` starts it on the data in ``folder``, every time in the same way; ``companion`` is what it needs beside it
    and begins once; ``quitting`` is the signal that ends it in good order.
    """

    def __init__(
        self,
        folder: Folder,
        begin: Callable[[], Program],
        *,
        quitting: signal.Signals,
        companion: Callable[[], Program] | None = None,
    ) -> None:
        self._folder = folder
        self._begin = begin
        self._quitting = quitting
        self._begin_companion = companion
        self._companion: Program | None = None
        self._program: Program | None = None

    def address(self) -> str:
        """Return the loopback interface."""
        return "127.0.0.1"

    def launch(self) -> None:
        """Start the companion once, then the server."""
        if self._begin_companion and not self._companion:
            self._companion = self._begin_companion()
        self._program = self._begin()

    def is_running(self) -> bool:
        """Whether the first process has not ended."""
        return self._running.is_running()

    def last_words(self) -> str:
        """Return the end of the output."""
        return self._running.last_words()

    def stop(self) -> None:
        """Stop the server regularly."""
        self._running.stop(self._quitting)

    def kill(self) -> None:
        """SIGKILL all its processes."""
        self._running.kill()

    def freeze(self) -> None:
        """SIGSTOP all its processes."""
        self._running.freeze()

    def thaw(self) -> None:
        """SIGCONT all its processes."""
        self._running.thaw()

    def discard(self) -> None:
        """Kill the server and its companion, and remove the folder."""
        for program in (self._program, self._companion):
            if program:
                program.kill()
        self._folder.remove()

    @property
    def _running(self) -> Program:
        if self._program is None:
            raise RuntimeError("the server was never launched")
        return self._program
