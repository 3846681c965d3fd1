"""The broker and the database server: from `TEST_AMQP_URL` and `TEST_DATABASE_URL`, or started for this run."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import text

from bench.listeners import serving
from chassis.persistence.database import Database
from tests.servers import PostgreSQL, find_postgresql, find_rabbitmq, private_postgresql, private_rabbitmq

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Servers:
    """URLs, and the processes to watch; None if they are inaccessible."""

    amqp_url: str
    postgresql: PostgreSQL
    made: ExitStack
    broker_pid: int | None
    database_pid: int | None

    def database_url(self, name: str) -> str:
        """Return the URL of a new database, which is deleted after the run."""
        url = self.postgresql.create_database(f"bench_{name}")
        self.made.callback(self.postgresql.drop, url)
        return url


@contextmanager
def servers() -> Iterator[Servers]:
    """Yield both servers for the run. The database server must not lose committed data."""
    with ExitStack() as made:
        broker = made.enter_context(find_rabbitmq() if "TEST_AMQP_URL" in os.environ else private_rabbitmq())
        given = "TEST_DATABASE_URL" in os.environ
        postgresql = made.enter_context(find_postgresql() if given else private_postgresql())
        amqp_url = broker.vhost()
        made.callback(broker.drop, amqp_url)
        pids = (serving(_port(amqp_url)), serving(_port(postgresql.url)))
        yield Servers(amqp_url, postgresql, made, *pids)


def _port(url: str) -> int:
    return urlsplit(url).port or 0


def careless(url: str) -> list[str]:
    """Return the settings with which a database server may lose committed data; such figures do not count."""
    database = Database(url)
    with database.autocommit() as connection:
        off = [name for name in DURABLE if connection.execute(text(f"SHOW {name}")).scalar_one() == "off"]
    database.close()
    return off
