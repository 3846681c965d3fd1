"""RabbitMQ enforces the rights of each account, and they suffice for its process."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp
import pytest
from amqp.exceptions import AccessRefused

from chassis.config import SERVICES
from chassis.messaging import topology
from deploy.rabbitmq import accounts, setup
from tests.servers.rabbitmq import RabbitMQ
from transports.declarations import Sparing, declare_quorum, ensure_queue

DELAYS = (1.0, 10.0)
PASSWORD = "of-a-test"
AT_ONCE = 20
"""Fewer than the channels of a partner: RabbitMQ notices a closed channel late."""
LogIn = Callable[[str], AbstractContextManager[Any]]
Try = Callable[[Any], object]


def channel_at(url: str, user: str, password: str) -> AbstractContextManager[Any]:
    """A channel with confirms, closed at the end."""
    parts = urlsplit(url)

    @contextmanager
    def opened() -> Iterator[Any]:
        with amqp.Connection(
            f"{parts.hostname}:{parts.port}", user, password, virtual_host=unquote(parts.path[1:]),
            connect_timeout=5, read_timeout=10, confirm_publish=True,
        ) as connection:  # fmt: skip
            yield connection.channel()

    return opened()


def under_other_names(document: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The accounts, with a prefix: tests share the broker, to which accounts belong."""
    for user in document["users"]:
        user["name"] = prefix + user["name"]
    for granted in document["permissions"] + document["topic_permissions"]:
        granted["user"] = prefix + granted["user"]
    return document


@pytest.fixture(scope="module")
def log_in(rabbitmq: RabbitMQ) -> Iterator[LogIn]:
    """`log_in(account)`: a channel of that account, on a prepared broker."""
    url = rabbitmq.vhost()
    if url == rabbitmq.url:
        pytest.skip("the broker that was given has no management API")
    parts, everyone = urlsplit(url), (*accounts.PROCESSES, accounts.PARTNER)
    vhost = parts.path[1:]
    rabbitmq.manage("POST", f"definitions/{vhost}", json.loads(setup.POLICIES.read_text()))
    with channel_at(url, unquote(parts.username or ""), unquote(parts.password or "")) as channel:
        setup.declare_everything(channel, DELAYS)
    document = accounts.definitions(vhost, dict.fromkeys(everyone, PASSWORD))
    rabbitmq.manage("POST", "definitions", under_other_names(document, f"{vhost}."))
    yield lambda account: channel_at(url, f"{vhost}.{account}", PASSWORD)
    for account in everyone:
        rabbitmq.manage("DELETE", f"users/{vhost}.{account}")
    rabbitmq.drop(url)


def publishing(exchange: str, key: str) -> Try:
    """An attempt to publish."""
    return lambda channel: channel.basic_publish(amqp.Message(b"{}"), exchange=exchange, routing_key=key)


def binding(queue: str, exchange: str, key: str) -> Try:
    """An attempt to bind a queue."""
    return lambda channel: channel.queue_bind(queue, exchange, key)


def reading(queue: str) -> Try:
    """An attempt to take a message."""
    return lambda channel: channel.basic_get(queue)


@pytest.mark.parametrize("service", SERVICES)
def test_service_can_declare_its_queues_with_its_own_account(log_in: LogIn, service: str) -> None:
    with log_in(service) as channel:
        declaring = Sparing(channel, partial(topology.is_own, service))
        topology.declare_rpc(declaring, service)
        topology.declare_exchanges(declaring, service)
        topology.declare_retries(declaring, service, DELAYS)
        for event in accounts.all_events():
            for handler in event.heard_by:
                if service in (event.service, handler.split(".")[0]):
                    topology.declare_event_queue(declaring, event, handler)
        queue = topology.rpc_queue(service)
        assert channel.queue_declare(queue=queue, passive=True)[0] == queue


@pytest.mark.parametrize("service", SERVICES)
def test_service_answers_a_request_of_the_gateway(log_in: LogIn, service: str) -> None:
    answers: list[Any] = []
    with log_in(accounts.GATEWAY) as asking, log_in(service) as answering:
        asking.basic_consume(topology.DIRECT_REPLY, no_ack=True, callback=answers.append)
        request = amqp.Message(b"{}", reply_to=topology.DIRECT_REPLY)
        asking.basic_publish(request, exchange=topology.RPC_EXCHANGE, routing_key=f"{service}.get_me")
        taken = answering.basic_get(topology.rpc_queue(service), no_ack=True)
        answering.basic_publish(amqp.Message(b"{}"), exchange="", routing_key=taken.properties["reply_to"])
        asking.connection.drain_events(timeout=10)
    assert len(answers) == 1


def test_partner_receives_public_events(log_in: LogIn) -> None:
    with log_in(accounts.PARTNER) as partner, log_in("scheduling") as service:
        partner.queue_declare("partner.visits", durable=True, auto_delete=False)
        partner.queue_bind("partner.visits", topology.ALL_EVENTS, "visit_completed")
        publishing("scheduling.events", "visit_completed")(service)
        assert partner.basic_get("partner.visits", no_ack=True) is not None


def test_unrouted_public_event_is_kept_by_its_service(log_in: LogIn) -> None:
    with log_in("scheduling") as channel:
        before = channel.queue_declare(topology.UNROUTED, passive=True).message_count
        ensure_queue(channel.connection, topology.UNROUTED)
        returned: list[str] = []

        def keep(_error: Any, _exchange: str, key: str, message: Any) -> None:
            returned.append(key)
            channel.basic_publish(message, exchange="", routing_key=topology.UNROUTED)

        channel.events["basic_return"].add(keep)
        for key in ("nobody_hears_this", "visit_completed"):
            channel.basic_publish(amqp.Message(b"{}"), exchange="scheduling.events", routing_key=key, mandatory=True)
        assert returned == ["nobody_hears_this"]
        assert channel.queue_declare(topology.UNROUTED, passive=True).message_count == before + 1


def test_unrouted_internal_event_is_kept(log_in: LogIn) -> None:
    with log_in("auth") as channel:
        waiting = channel.queue_declare("unrouted", passive=True).message_count
        publishing("auth.internal", "nobody_hears_this")(channel)
        assert channel.queue_declare("unrouted", passive=True).message_count == waiting + 1


REFUSED = {
    "a service publishes as another": ("billing", publishing("auth.events", "doctor_approved")),
    "a service publishes to the outside past its own exchange": ("billing", publishing("hospital.events", "x")),
    "a service gives another an order": ("billing", publishing("nameko-rpc", "auth.get_me")),
    "a service takes another's requests": ("billing", reading("rpc-auth")),
    "a service has another's requests sent to itself": ("billing", binding("rpc-billing", "nameko-rpc", "#")),
    "a service takes another's events": ("billing", reading("evt-auth-mail_token_issued--notify.on_mail_token_issued")),
    "a service takes another's dead letters": ("billing", reading("dead-auth")),
    "a service hears mail tokens that another may hear": ("billing", binding("rpc-billing", "auth.internal", "#")),
    "a service that hears of users hears of their mail tokens": (
        "clinical", binding("rpc-clinical", "auth.internal", "mail_token_issued"),
    ),
    "a service removes another's queue": ("billing", lambda channel: channel.queue_delete("rpc-auth", if_unused=True)),
    "the gateway says that something happened": ("gateway", publishing("auth.events", "doctor_approved")),
    "the gateway writes into a queue": ("gateway", publishing("", "dead-auth")),
    "the gateway takes requests": ("gateway", reading("rpc-auth")),
    "a service takes what no queue took": ("billing", reading("unrouted")),
    "a service removes what no queue took": ("billing", lambda channel: channel.queue_delete("unrouted")),
    "a partner hears what is internal": ("partner", binding("partner.visits", "auth.internal", "#")),
    "a partner gives an order": ("partner", publishing("nameko-rpc", "auth.get_me")),
    "a partner says that something happened": ("partner", publishing("hospital.events", "visit_completed")),
    "a partner writes into a queue": ("partner", publishing("", "rpc-auth")),
    "a partner has a queue by another name": ("partner", lambda channel: channel.queue_declare("visits")),
}  # fmt: skip


def queues_not_of(account: str) -> list[str]:
    """One foreign queue of each kind. `test_accounts` checks the names of all."""
    other = "auth" if account != "auth" else "clinical"
    heard = [event.queue_of(handler) for event in accounts.all_events() for handler in event.heard_by]
    heard = [name for name in heard if not topology.is_own(account, name)]
    said_by_it = next((name for name in heard if name.startswith(f"evt-{account}-")), heard[0])
    heard_by_other = next(name for name in heard if f"--{other}." in name)
    waits = [topology.delay_queue(other, DELAYS[0]), topology.UNROUTED]
    return [topology.rpc_queue(other), topology.dead_queue(other), said_by_it, heard_by_other, *waits]


def exchanges_not_of(account: str) -> list[str]:
    """The foreign exchanges. Only `broker-setup` declares exchanges, also those of the own events."""
    events = [f"{service}.{kind}" for service in SERVICES for kind in ("events", "internal")]
    other = "auth" if account != "auth" else "clinical"
    return [*events, topology.retry_exchange(other, DELAYS[0]), topology.RPC_EXCHANGE, topology.ALL_EVENTS]


@pytest.mark.parametrize("account", [*SERVICES, accounts.GATEWAY, accounts.PARTNER])
def test_broker_refuses_all_access_to_foreign_objects(log_in: LogIn, account: str) -> None:
    attempts: list[tuple[str, Try]] = [
        attempt
        for name in queues_not_of(account)
        for attempt in (
            (f"delete {name}", lambda channel, name=name: channel.queue_delete(name)),
            (f"purge {name}", lambda channel, name=name: channel.queue_purge(name)),
            (f"read {name}", reading(name)),
            (f"consume {name}", lambda channel, name=name: channel.basic_consume(name)),
            (f"declare {name}", lambda channel, name=name: declare_quorum(channel, name)),
        )
    ] + [
        (f"delete {name}", lambda channel, name=name: channel.exchange_delete(name))
        for name in exchanges_not_of(account)
    ]
    done: list[str] = []
    for first in range(0, len(attempts), AT_ONCE):
        with log_in(account) as channel:
            some = attempts[first : first + AT_ONCE]
            done += [what for what, attempt in some if not is_refused(channel.connection, attempt)]
    assert done == []


def is_refused(connection: Any, attempt: Try) -> bool:
    """Whether the broker refuses this on a fresh channel."""
    channel = connection.channel()
    try:
        attempt(channel)
    except AccessRefused:
        return True
    return False


@pytest.mark.parametrize(("account", "attempt"), REFUSED.values(), ids=REFUSED)
def test_broker_refuses_forbidden_attempts(log_in: LogIn, account: str, attempt: Try) -> None:
    with log_in(account) as channel, pytest.raises(AccessRefused):
        attempt(channel)
