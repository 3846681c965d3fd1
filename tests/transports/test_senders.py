"""The broker checks the sender of a message, and a process accepts known senders only."""

from collections.abc import Callable, Iterator

import pytest
from amqp.exceptions import PreconditionFailed

from tests.transports.clients import Client, until
from transports.confirms import ConfirmedPublisher
from transports.links import Outgoing
from transports.senders import SENDER, Senders, account_of, url_of

APART, SHARED = Senders("clinical", "clinical"), Senders("clinical", "guest")


@pytest.fixture
def named(broker_url: str, connect: Callable[..., Client]) -> Iterator[Client]:
    """A client with an account, which `account_of` reads from its address."""
    if not broker_url.startswith("embedded:"):
        yield connect()
        return
    client = Client(broker_url.replace("://", "://clinical@"))
    yield client
    client.close()


def test_message_keeps_its_own_account(named: Client) -> None:
    queue, account = named.queue(), named.connection.userid
    named.send("hello", queue, user_id=account)
    assert named.get(queue).properties["user_id"] == account


def test_message_with_another_account_is_refused(named: Client) -> None:
    queue = named.queue()
    with pytest.raises(PreconditionFailed, match="user_id property set to 'auth' but authenticated user was"):
        named.send("hello", queue, user_id="auth")


def test_account_is_kept_when_a_message_is_dead_lettered(named: Client) -> None:
    queue, account = named.queue(), named.connection.userid
    waiting = named.queue(arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue})
    named.send("hello", waiting, user_id=account, expiration="1")
    assert named.get_soon(queue).properties["user_id"] == account


def test_confirmed_publisher_names_its_account(named: Client, broker_url: str) -> None:
    queue, account = named.queue(), str(named.connection.userid)
    url = broker_url.replace("://", "://clinical@") if broker_url.startswith("embedded:") else broker_url
    publisher = ConfirmedPublisher(url, lambda _channel: None)
    publisher.link.start()
    try:
        until(lambda: publisher.link.is_up)
        publisher.publish([Outgoing(b"{}", "", queue)])
        assert named.get_soon(queue).properties["user_id"] == account
    finally:
        publisher.link.stop()


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("amqp://clinical:secret@host/vhost", "clinical"),
        ("amqps://a%40b:secret@host", "a@b"),
        ("amqp://host", "guest"),
        ("embedded://matron", ""),
        (url_of("embedded://{service}@matron", "auth"), "auth"),
    ],
)
def test_account_is_read_from_the_address(url: str, account: str) -> None:
    assert account_of(url) == account


TAKEN = [
    ({"user_id": "scheduling"}, {}, "of its source"),
    ({"user_id": "clinical"}, {}, "of the process itself"),
    ({"user_id": "clinical"}, {SENDER: "scheduling"}, "that the process has sent on"),
    ({"user_id": "clinical"}, {SENDER: "clinical"}, "that the process has sent on twice"),
]
REFUSED = [
    ({}, {}, "in no name"),
    ({"user_id": ""}, {}, "in an empty name"),
    ({"user_id": "notify"}, {}, "of another service"),
    ({"user_id": "gateway"}, {}, "of the gateway"),
    ({"user_id": "notify"}, {SENDER: "scheduling"}, "of another service that names the source"),
    ({}, {SENDER: "scheduling"}, "in no name that names the source"),
    ({"user_id": "clinical"}, {SENDER: "notify"}, "of another service that the process has sent on"),
    ({"user_id": "clinical"}, {SENDER: ""}, "in no name that the process has sent on"),
    ({"user_id": "clinical"}, {SENDER: ["scheduling"]}, "with a sender that is no name"),
]


@pytest.mark.parametrize(("properties", "headers"), [case[:2] for case in TAKEN], ids=[case[2] for case in TAKEN])
def test_message_of_an_accepted_sender_is_accepted(properties: dict[str, str], headers: dict[str, str]) -> None:
    assert APART.take(properties, headers, "scheduling")


@pytest.mark.parametrize(("properties", "headers"), [case[:2] for case in REFUSED], ids=[case[2] for case in REFUSED])
def test_message_of_another_sender_is_refused(properties: dict[str, str], headers: dict[str, str]) -> None:
    assert not APART.take(properties, headers, "scheduling")


@pytest.mark.parametrize(("properties", "headers"), [case[:2] for case in REFUSED], ids=[case[2] for case in REFUSED])
def test_shared_account_accepts_all_senders(properties: dict[str, str], headers: dict[str, str]) -> None:
    assert SHARED.take(properties, headers, "scheduling")


def test_unsigned_messages_are_accepted_during_an_upgrade() -> None:
    lenient = Senders("clinical", "clinical", unsigned=True)
    assert lenient.take({}, {}, "scheduling")
    assert lenient.take({"user_id": "clinical"}, {SENDER: ""}, "scheduling")
    assert not lenient.take({"user_id": "notify"}, {}, "scheduling")
    assert not lenient.take({"user_id": "notify"}, {SENDER: ""}, "scheduling")
