"""A program that connects to five hosts at once, and prints its longest pause and the unreachable hosts."""

import chassis  # noqa: F401  # isort: skip

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import eventlet
import psycopg
import requests

from services.notify.deliveries import smtp
from transports.links import connection_to
from transports.postgresql import GreenConnection


def redis() -> None:
    """Count a request in Redis, as the gateway does."""
    from redis import Redis

    Redis(host="redis.hospital.test").ping()


REACH: dict[str, Callable[[], Any]] = {
    "amqp": connection_to("amqp://broker.hospital.test").transport.establish_connection,
    "mail": lambda: smtp.connect(urlsplit("smtp://mail.hospital.test")),
    "payment": lambda: requests.get("http://payments.hospital.test", timeout=5),
    "postgresql": lambda: GreenConnection.connect("host=db.hospital.test,db2.hospital.test user=x"),
    "redis": redis,
}
longest, unreached = [0.0], []


def watch() -> None:
    """Record the longest time in which this process did nothing else."""
    last = time.monotonic()
    while True:
        eventlet.sleep(0.01)
        longest[0], last = max(longest[0], time.monotonic() - last), time.monotonic()


def reach(name: str) -> None:
    """Try to connect."""
    try:
        REACH[name]()
    except (OSError, psycopg.OperationalError, *_redis_errors()):
        unreached.append(name)


def _redis_errors() -> tuple[type[Exception], ...]:
    from redis import ConnectionError as Unreached

    return (Unreached,)


eventlet.spawn(watch)
for thread in [eventlet.spawn(reach, name) for name in REACH]:
    thread.wait()
print(f"{longest[0]:.3f}", *sorted(unreached))
