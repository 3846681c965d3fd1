"""The ways in which a server runs for us: somewhere else, in a container (containers.py), as a local program."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

    from tests.servers.processes import Folder, Program


class Host(Protocol):
    """What RabbitMQ and PostgreSQL ask of that which runs them. Ports and data outlive ``stop`` and ``kill``."""

    def address(self) -> str:
        """Return the host name or number under which its ports are reached; known once it is launched."""

    def launch(self) -> None:
        """Start the server and return at once. Unavailable if it cannot even begin."""

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""

    def last_words(self) -> str:
        """Return the end of its log."""

    def stop(self) -> None:
        """End it in good order."""

    def kill(self) -> None:
        """End it with SIGKILL."""

    def freeze(self) -> None:
        """Stop its processes where they are, connections open."""

    def thaw(self) -> None:
        """Let its processes go on."""

    def discard(self) -> None:
        """End it and remove its data."""


class Elsewhere:
    """A server that somebody else runs and gave us the address of: it can be used, and not touched."""

    def __init__(self, address: str) -> None:
        self._address = address

    def address(self) -> str:
        """Return the one that was given."""
        return self._address

    def launch(self) -> None:
        """Do nothing: it runs."""

    def is_running(self) -> bool:
        """Say yes; a connection will tell."""
        return True

    def last_words(self) -> str:
        """Return nothing: its log is not ours to read."""
        return ""

    def stop(self) -> NoReturn:
        """Refuse."""
        raise RuntimeError("a server that was given by its address is not ours to touch; use a private one")

    kill = freeze = thaw = stop

    def discard(self) -> None:
        """Do nothing: it stays as it was."""


class Local:
    """A server made of programs of this machine, on the loopback interface.

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
        """Whether its first process has not ended."""
        return self._running.is_running()

    def last_words(self) -> str:
        """Return the end of its output."""
        return self._running.last_words()

    def stop(self) -> None:
        """End it in good order."""
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
        """Kill it with its companion, and remove its folder."""
        for program in (self._program, self._companion):
            if program:
                program.kill()
        self._folder.remove()

    @property
    def _running(self) -> Program:
        if self._program is None:
            raise RuntimeError("the server was never launched")
        return self._program
