"""The broker vouches for the account that sends a message, and a process knows from whom it takes one."""

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
    """A client with an account; its name is `account_of` its address."""
    if not broker_url.startswith("embedded:"):
        yield connect()
        return
    client = Client(broker_url.replace("://", "://clinical@"))
    yield client
    client.close()


def test_a_message_in_ones_own_name_keeps_the_name(named: Client) -> None:
    queue, account = named.queue(), named.connection.userid
    named.send("hello", queue, user_id=account)
    assert named.get(queue).properties["user_id"] == account


def test_a_message_in_anothers_name_is_refused(named: Client) -> None:
    queue = named.queue()
    with pytest.raises(PreconditionFailed, match="user_id property set to 'auth' but authenticated user was"):
        named.send("hello", queue, user_id="auth")


def test_the_name_is_kept_when_a_message_expires_into_another_queue(named: Client) -> None:
    queue, account = named.queue(), named.connection.userid
    waiting = named.queue(arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue})
    named.send("hello", waiting, user_id=account, expiration="1")
    assert named.get_soon(queue).properties["user_id"] == account


def test_a_confirmed_publisher_names_its_account(named: Client, broker_url: str) -> None:
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
def test_the_account_stands_in_the_address(url: str, account: str) -> None:
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
def test_a_message_is_taken(properties: dict[str, str], headers: dict[str, str]) -> None:
    assert APART.take(properties, headers, "scheduling")


@pytest.mark.parametrize(("properties", "headers"), [case[:2] for case in REFUSED], ids=[case[2] for case in REFUSED])
def test_a_message_is_refused(properties: dict[str, str], headers: dict[str, str]) -> None:
    assert not APART.take(properties, headers, "scheduling")


@pytest.mark.parametrize(("properties", "headers"), [case[:2] for case in REFUSED], ids=[case[2] for case in REFUSED])
def test_accounts_that_all_share_tell_nothing_apart(properties: dict[str, str], headers: dict[str, str]) -> None:
    assert SHARED.take(properties, headers, "scheduling")


def test_messages_in_no_name_are_taken_while_an_upgrade_goes_on() -> None:
    lenient = Senders("clinical", "clinical", unsigned=True)
    assert lenient.take({}, {}, "scheduling")
    assert lenient.take({"user_id": "clinical"}, {SENDER: ""}, "scheduling")
    assert not lenient.take({"user_id": "notify"}, {}, "scheduling")
    assert not lenient.take({"user_id": "notify"}, {SENDER: ""}, "scheduling")
