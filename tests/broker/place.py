"""Services in this process on a given broker, and clients with and without our code."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import eventlet
import kombu
import orjson
from amqp.exceptions import NotFound
from nameko.containers import ServiceContainer
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from chassis.call import Call
from chassis.config import SERVICES
from chassis.errors import MatronError
from chassis.messaging.consumer import Broker
from chassis.persistence.database import Database
from gateway.rpc import RpcClient
from matron.migrations import migrate
from matron.runner import nameko_config
from telemetry.health import Health
from tests import ward
from tests.tokens import Mint

SECONDS = 8.0
T = TypeVar("T")


def soon(look: Callable[[], T], seconds: float = SECONDS) -> T:
    """Call `look` until it returns a true value, and return that value. AssertionError at the deadline."""
    with eventlet.Timeout(seconds, AssertionError(f"it did not come true within {seconds} s")):
        while not (found := look()):
            eventlet.sleep(0.005)
    return found


def extension(container: ServiceContainer, kind: type[T]) -> T:
    """The shared extension of a container, such as its broker links."""
    return next(one for one in container.extensions if isinstance(one, kind))


def refusal(work: Callable[[], Any]) -> MatronError:
    """Call a function, and return its refusal."""
    try:
        work()
    except MatronError as error:
        return error
    raise AssertionError("it was not refused")


class Place:
    """A broker with services of the ward, until the test ends."""

    def __init__(self, url: str, folder: Path, mint: Mint, **changes: Any) -> None:
        self.url, self.folder, self.mint, self.changes = url, folder, mint, changes
        self.person = uuid7()
        self.closing: list[Callable[[], None]] = []
        self.databases: dict[str, Database] = {}
        self.health: dict[str, Health] = {}
        self.containers: list[ServiceContainer] = []

    def database(self, service: str) -> Database:
        """The database of a service."""
        if service not in self.databases:
            url = self.changes.get("database_urls", {}).get(service) or f"sqlite:///{self.folder}/{service}.db"
            self.databases[service] = Database(url)
            prepare = partial(migrate, service) if service in SERVICES else ward.create_tables
            prepare(self.databases[service])
        return self.databases[service]

    def serve(self, *services: type) -> list[ServiceContainer]:
        """Start services, one container each. Return the containers when they are ready."""
        containers = [self.start(service) for service in services]
        for service in services:
            self.wait_until_ready(service)
        return containers

    def wait_until_ready(self, service: Any) -> None:
        """Wait until a service is ready."""
        soon(lambda: not self.health[service.name].failing())

    def start(self, service: Any) -> ServiceContainer:
        """Start a service, without waiting until it is ready."""
        health, database = Health(), self.database(service.name)
        urls = {service.name: database.url.render_as_string(hide_password=False)}
        settings = ward.settings(**{
            "amqp_url": self.url, "jwks_file": self.mint.jwks_file, **self.changes, "database_urls": urls
        })  # fmt: skip
        container = ServiceContainer(service, nameko_config(settings, health))
        container.start()
        self.containers.append(container)
        self.closing.append(container.stop)
        self.health[service.name] = health
        return container

    def client(self, *, direct: bool = True) -> RpcClient:
        """A connected client of ours. A service must have run on the broker before."""
        with kombu.Connection(self.url) as connection:
            connection.channel().exchange_declare("nameko-rpc", "topic", durable=True, auto_delete=False)
        client = RpcClient(self.url, "tests", direct=direct)
        client.link.start()
        self.closing.append(client.link.stop)
        soon(lambda: client.link.is_up)
        return client

    def nurse(self, **fields: Any) -> Call:
        """The context of a nurse's request."""
        return Call(token=self.mint.token("nurse", person=self.person), request_id="request-1", key="key-1", **fields)

    def write(self, client: RpcClient, text: str = "a note", *, key: str | None = None) -> dict[str, Any]:
        """Write a note in the ward. Return the reply."""
        call = replace(self.nurse(), key=key or text)
        result: dict[str, Any] = client.call("ward", "write_note", {"text": text}, call, 5.0).result
        return result

    def heard(self) -> list[ward.Heard]:
        """The events that the desk has received, in order."""
        with self.database("desk").read() as session:
            return list(session.scalars(select(ward.Heard).order_by(ward.Heard.id)))

    def sequences(self, service: str = "ward") -> dict[bool, list[int]]:
        """The sequences in the outbox of a service, in order of commit, by audience."""
        with self.database(service).read() as session:
            rows = session.execute(text("SELECT internal, sequence FROM outbox ORDER BY position")).all()
        of = lambda audience: [row.sequence for row in rows if bool(row.internal) is audience]  # noqa: E731
        return {audience: of(audience) for audience in (False, True)}

    def close(self) -> None:
        """Stop all services, then close the databases."""
        for ending in [eventlet.spawn(end) for end in self.closing]:
            ending.wait()
        for database in self.databases.values():
            database.close()


class Raw:
    """A client of the broker without our code."""

    def __init__(self, url: str) -> None:
        self.connection = kombu.Connection(url, transport_options={"confirm_publish": True})
        self.channel = self.connection.channel()

    def listen(self, exchange: str, key: str = "#") -> str:
        """Bind a new queue to an exchange, and return its name."""
        self.channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
        queue: str = self.channel.queue_declare("", exclusive=True)[0]
        self.channel.queue_bind(queue, exchange, key)
        return queue

    def get(self, queue: str, *, no_ack: bool = True) -> Any:
        """The next message of a queue, or None."""
        found = self.channel.basic_get(queue, no_ack=no_ack)
        return found and self.channel.message_to_python(found)

    def wait(self, queue: str, *, no_ack: bool = True) -> Any:
        """Wait for the next message of a queue."""
        return soon(lambda: self.get(queue, no_ack=no_ack))

    def exists(self, queue: str) -> bool:
        """Whether a queue exists."""
        channel = self.connection.channel()
        try:
            channel.queue_declare(queue, passive=True)
        except NotFound:
            return False
        channel.close()
        return True

    def count(self, queue: str) -> int:
        """The number of messages in a queue."""
        return int(self.channel.queue_declare(queue, passive=True)[1])

    def send(self, body: bytes, key: str, exchange: str = "", **properties: Any) -> None:
        """Publish a message, with confirm."""
        headers = properties.pop("headers", None)
        message = self.channel.prepare_message(body, headers=headers, properties=properties)
        self.channel.basic_publish(message, exchange=exchange, routing_key=key)

    def ask(self, service: str, method: str, body: bytes, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a request unchanged, and return the answer."""
        queue = self.listen("nameko-rpc", reply_to := f"raw-{id(body)}")
        self.send(body, f"{service}.{method}", "nameko-rpc", reply_to=reply_to, correlation_id="1", headers=headers)
        answer: dict[str, Any] = orjson.loads(self.wait(queue).body)
        return answer

    def close(self) -> None:
        """Disconnect."""
        self.connection.close()


@contextmanager
def taken(raw: Raw, service: str) -> Iterator[list[Any]]:
    """A service that takes requests and never answers. Yields the requests."""
    got: list[Any] = []
    raw.channel.queue_declare(f"rpc-{service}", durable=True, auto_delete=False)
    raw.channel.exchange_declare("nameko-rpc", "topic", durable=True, auto_delete=False)
    raw.channel.queue_bind(f"rpc-{service}", "nameko-rpc", f"{service}.*")
    tag = raw.channel.basic_consume(
        f"rpc-{service}", no_ack=False, callback=lambda one: got.append(raw.channel.message_to_python(one))
    )

    def drain() -> None:
        while True:
            try:
                raw.connection.drain_events(timeout=0.05)
            except TimeoutError:
                continue
            except (OSError, AttributeError):
                return

    thread = eventlet.spawn(drain)
    yield got
    thread.kill()
    raw.channel.basic_cancel(tag)


def broker_of(container: ServiceContainer) -> Broker:
    """The broker links of a service."""
    return extension(container, Broker)
