"""The common part of RabbitMQ and PostgreSQL: start, wait, faults, recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from tests.servers.processes import Unavailable, wait_until

if TYPE_CHECKING:
    from tests.servers.hosts import Host

BOOT_SECONDS = 60


class Server:
    """A server of one kind, wherever it runs. As a context manager it is discarded at the end."""

    name: ClassVar[str]

    def __init__(self, host: Host) -> None:
        self._host = host
        self._state: Literal["down", "up", "frozen"] = "down"
        self._reason = ""

    @property
    def url(self) -> str:
        """The address for a client."""
        raise NotImplementedError

    def launch(self) -> None:
        """Begin to start, and return at once; ``wait`` waits for it."""
        if self._state == "down":
            self._host.launch()
            self._state = "up"

    def wait(self, seconds: float = BOOT_SECONDS) -> None:
        """Wait until clients are served. Unavailable, with the end of the log, when that does not come about."""
        try:
            wait_until(self._serves_or_died, seconds=seconds, what=f"the start of {self.name}")
        except Unavailable as error:
            raise Unavailable(f"{error}; {self._reason} {self._host.last_words()}".strip("; ")) from None

    def start(self) -> None:
        """Start, on the same port and data as before, and wait until clients are served."""
        self.launch()
        self.wait()

    def stop(self) -> None:
        """End in good order."""
        self.thaw()
        if self._state == "up":
            self._host.stop()
            self._state = "down"

    def kill(self) -> None:
        """SIGKILL the whole server."""
        if self._state != "down":
            self._host.kill()
            self._state = "down"

    def restart(self) -> None:
        """Stop in good order and start again."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP all processes of the server: connections stay open, and nothing answers."""
        if self._state == "up":
            self._host.freeze()
            self._state = "frozen"

    def thaw(self) -> None:
        """SIGCONT after a freeze."""
        if self._state == "frozen":
            self._host.thaw()
            self._state = "up"

    def heal(self) -> None:
        """Bring the server back after a freeze, stop or kill."""
        self.thaw()
        self.start()

    def discard(self) -> None:
        """End it and remove its data. It cannot be started again."""
        self._host.discard()
        self._state = "down"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.discard()

    def _serves_or_died(self) -> bool:
        if not self._host.is_running():
            raise Unavailable(f"{self.name} ended while it started")
        try:
            self._ask()
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # each client library raises its own error before the server listens
            self._reason = f"{type(error).__name__}: {error}"
            return False
        return True

    def _ask(self) -> None:
        """Query the server as a client, and raise its error. Unavailable if the server is unsuitable."""
        raise NotImplementedError
