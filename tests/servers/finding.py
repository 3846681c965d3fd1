"""The search for a server: the ways are tried in order, and each failure leaves its reason."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Generic, TypeVar

from tests.servers import postgresql, rabbitmq
from tests.servers.processes import Unavailable
from tests.servers.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.servers.postgresql import PostgreSQL
    from tests.servers.rabbitmq import RabbitMQ

ServerT = TypeVar("ServerT", bound=Server)
# What a way is called in messages, and what makes a server by it.
Way = tuple[str, "Callable[[], ServerT]"]


class Search(Generic[ServerT]):
    """A search for a server. ``begin`` launches the first available one. ``finish`` waits until it serves."""

    def __init__(self, name: str, ways: Sequence[Way[ServerT]]) -> None:
        self.name = name
        # The way that found the server. Empty without one.
        self.way = ""
        self.reasons: list[str] = []
        self._ways: list[Way[ServerT]] = list(ways)
        self._found: ServerT | None = None

    def begin(self) -> None:
        """Launch the first server that can be launched, without waiting for it."""
        while self._found is None and self._ways:
            way, make = self._ways.pop(0)
            try:
                server = make()
                server.launch()
            except Unavailable as reason:
                self.reasons.append(f"{way}: {reason}")
            else:
                self.way, self._found = way, server

    def finish(self) -> ServerT:
        """Return a server that serves clients. Unavailable, with the reason of each way, when there is none."""
        self.begin()
        while self._found is not None:
            try:
                self._found.wait()
            except Unavailable as reason:
                self.reasons.append(f"{self.way}: {reason}")
                self.discard()
                self.begin()
            else:
                return self._found
        raise Unavailable("; ".join(self.reasons))

    def discard(self) -> None:
        """Stop the server, if one was found."""
        if self._found is not None:
            self._found.discard()
            self._found = None
            self.way = ""


def search_rabbitmq(*, private: bool = False) -> Search[RabbitMQ]:
    """Return a search for a broker; a private one is never the one of ``TEST_AMQP_URL``."""
    ways = [
        ("Docker", rabbitmq.contained),
        ("installed programs", rabbitmq.installed),
        ("Debian's package", rabbitmq.packaged),
    ]
    return Search("RabbitMQ", _with_given("TEST_AMQP_URL", rabbitmq.given, ways, private=private))


def search_postgresql(*, private: bool = False) -> Search[PostgreSQL]:
    """Return a search for a database server; a private one keeps what it commits, as it may be killed."""
    ways = [
        ("Docker", functools.partial(postgresql.contained, durable=private)),
        ("installed programs", functools.partial(postgresql.installed, durable=private)),
        ("Debian's package", functools.partial(postgresql.packaged, durable=private)),
    ]
    return Search("PostgreSQL", _with_given("TEST_DATABASE_URL", postgresql.given, ways, private=private))


def _with_given(
    variable: str, make: Callable[[str], ServerT], ways: Sequence[Way[ServerT]], *, private: bool
) -> list[Way[ServerT]]:
    url = "" if private else os.environ.get(variable, "")
    given: list[Way[ServerT]] = [(variable, functools.partial(make, url))] if url else []
    return [*given, *ways]


def search_private_rabbitmq() -> Search[RabbitMQ]:
    """Return a search for a private broker."""
    return search_rabbitmq(private=True)


def search_private_postgresql() -> Search[PostgreSQL]:
    """Return a search for a private database server."""
    return search_postgresql(private=True)


def find_rabbitmq() -> RabbitMQ:
    """Return a broker that serves. Unavailable, with the reasons, when there is none."""
    return search_rabbitmq().finish()


def find_postgresql() -> PostgreSQL:
    """Return a database server that serves. Unavailable, with the reasons, when there is none."""
    return search_postgresql().finish()


def private_rabbitmq() -> RabbitMQ:
    """Return a private broker, to stop, kill and freeze."""
    return search_rabbitmq(private=True).finish()


def private_postgresql() -> PostgreSQL:
    """Return a private database server, to stop, kill and freeze."""
    return search_postgresql(private=True).finish()
