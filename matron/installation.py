"""The installation that an operator's command works on: the broker of `AMQP_URL`, or a folder of `matron run`.

Only one process may open the file of the embedded broker, so a process that opens it locks the folder. The lock is a
`flock`: the system releases it when the process ends.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import eventlet
from amqp.exceptions import AMQPError
from kombu.exceptions import KombuError
from sqlalchemy.exc import SQLAlchemyError

from chassis.config import ConfigError
from chassis.refusals import BROKER_DOWN
from matron import environment
from matron.refusals import FOLDER_IN_USE
from transports.embedded import close_broker, open_broker
from transports.links import connection_to
from transports.senders import url_of

FOLDER = Path("var")
NAME = "operator"
GOODBYE_SECONDS = 5.0
"""How long to wait for the broker's answer to a close, which confirms all acknowledgements."""


def lock(data: Path) -> IO[str]:
    """Lock the broker of a folder for this process, until the file is closed. Conflict: `folder_in_use`."""
    file = (data / "broker.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise FOLDER_IN_USE(
            f"`matron run` or another command uses the folder {data}. Stop it, then try again."
        ) from None
    return file


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Turn the error of a file or folder into a `ConfigError` of one line."""
    try:
        yield
    except (OSError, ValueError, sqlite3.Error, SQLAlchemyError) as error:
        why = getattr(error, "strerror", None) or getattr(error, "orig", None) or error
        raise ConfigError(f"{path} cannot be used: {why}") from None


@dataclass(frozen=True)
class Installation:
    """The broker and the databases of one installation. `url` is None for a folder."""

    url: str | None
    data: Path

    @classmethod
    def given(cls, data: Path | None) -> "Installation":
        """The given folder, else the broker of `AMQP_URL`, else the folder `var`."""
        url = os.environ.get("AMQP_URL") if data is None else None
        installation = cls(url or None, data or FOLDER)
        if installation.url is None and not installation.file.exists():
            raise ConfigError(f"AMQP_URL is missing, and there is no {installation.file} of `matron run`")
        return installation

    @property
    def file(self) -> Path:
        """The file of the embedded broker."""
        return self.data / "broker.db"

    def database_url(self, service: str) -> str:
        """The database of one service. `ConfigError` if its setting or its file is missing."""
        if self.url is not None:
            return environment.load(services=(service,)).database_url(service)
        file = self.data.absolute() / f"{service}.db"
        if not file.exists():
            raise ConfigError(f"there is no {file}")
        return f"sqlite:///{file}"

    @contextmanager
    def broker(self, account: str) -> Iterator[str]:
        """The URL of the broker, with the account of a service. Conflict: `folder_in_use`."""
        if self.url is not None:
            yield url_of(self.url, account)
            return
        with lock(self.data):
            with usable(self.file):
                open_broker(NAME, self.file)
            try:
                yield f"embedded://{account}@{NAME}"
            finally:
                close_broker(NAME)


@contextmanager
def connected(url: str) -> Iterator[Callable[[], Any]]:
    """Connect, and yield a function that opens channels with publisher confirms. Unavailable: `broker_down`.

    The connection has no heartbeats, because a command cannot send them while it waits for its user.
    """
    client = connection_to(url)
    client.heartbeat, client.transport_options = 0, {"confirm_publish": True}
    try:
        connection = client.transport.establish_connection()
        try:
            yield partial(client.transport.create_channel, connection)
        finally:
            with eventlet.Timeout(GOODBYE_SECONDS, exception=False):
                client.transport.close_connection(connection)
    except (OSError, AMQPError, KombuError) as error:
        text = f"The message broker is unreachable or refuses the connection ({type(error).__name__})."
        raise BROKER_DOWN(text) from None
