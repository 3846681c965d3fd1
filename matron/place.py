"""Where an operator's command works: on the broker of `AMQP_URL`, or on the folder of `matron run`.

The file of the embedded broker is for one process at a time, so whoever opens it holds the folder's lock. It is held
with `flock`, and so ends with the process, however that ends.
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
"""The broker's answer to a close says that it has every acknowledgement; a frozen one never gives it."""


def lock(data: Path) -> IO[str]:
    """Be the only process that uses a folder's broker, until the file is closed. Conflict: `folder_in_use`."""
    file = (data / "broker.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise FOLDER_IN_USE(
            f"The folder {data} is in use by `matron run` or another command: end that first, then try again."
        ) from None
    return file


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Say in one line that a file or folder is not what it should be: ConfigError."""
    try:
        yield
    except (OSError, ValueError, sqlite3.Error, SQLAlchemyError) as error:
        why = getattr(error, "strerror", None) or getattr(error, "orig", None) or error
        raise ConfigError(f"{path} cannot be used: {why}") from None


@dataclass(frozen=True)
class Place:
    """The broker and the databases of one installation; `url` is None for a folder."""

    url: str | None
    data: Path

    @classmethod
    def given(cls, data: Path | None) -> "Place":
        """The folder if one is named, else the broker of `AMQP_URL`, else the folder `var`."""
        url = os.environ.get("AMQP_URL") if data is None else None
        place = cls(url or None, data or FOLDER)
        if place.url is None and not place.file.exists():
            raise ConfigError(f"AMQP_URL is missing, and there is no {place.file} of `matron run`")
        return place

    @property
    def file(self) -> Path:
        """What the embedded broker keeps."""
        return self.data / "broker.db"

    def database_url(self, service: str) -> str:
        """The database of one service; `ConfigError` when it was not given, or is not in the folder."""
        if self.url is not None:
            return environment.load(services=(service,)).database_url(service)
        file = self.data.absolute() / f"{service}.db"
        if not file.exists():
            raise ConfigError(f"there is no {file}")
        return f"sqlite:///{file}"

    @contextmanager
    def broker(self, account: str) -> Iterator[str]:
        """The broker's URL; of a folder's broker for that service's account. Conflict: `folder_in_use`."""
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
    """A function that opens channels whose publishes are confirmed. Unavailable: `broker_down`.

    Without heartbeats, because a command waits for its user now and then, and cannot send any meanwhile.
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
        text = f"The message broker cannot be reached, or refuses ({type(error).__name__})."
        raise BROKER_DOWN(text) from None
