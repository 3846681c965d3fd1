"""Messages arrive unchanged, on both brokers."""

from tests.transports.clients import Client


def test_properties_arrive_unchanged(client: Client) -> None:
    queue = client.queue()
    sent = {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "correlation_id": "42",
        "reply_to": "somebody",
        "expiration": "60000",
        "delivery_mode": 2,
        "message_id": "m-1",
        "type": "greeting",
        "priority": 0,
        "timestamp": 1_700_000_000,
        "app_id": "tests",
    }
    client.send("{}", queue, headers={"who": "me", "n": 1, "list": ["a"]}, **sent)
    message = client.get(queue)
    headers = {"who": "me", "n": 1, "list": ["a"]}
    assert message.properties == {**sent, "application_headers": headers}
    assert (message.headers, message.content_type) == (headers, "application/json")


def test_unset_properties_stay_unset(client: Client) -> None:
    queue = client.queue()
    client.send(b"x", queue)
    message = client.get(queue)
    assert (message.properties, message.headers) == ({}, {})


def test_bytes_arrive_as_bytes(client: Client) -> None:
    queue = client.queue()
    client.send(b"\x00\xff", queue, content_encoding="binary")
    assert bytes(client.get(queue).body) == b"\x00\xff"


def test_text_arrives_as_text(client: Client) -> None:
    queue = client.queue()
    client.send("Grüße", queue)
    assert client.get(queue).body == "Grüße"


def test_consumer_cannot_change_the_message_of_another(client: Client) -> None:
    exchange = client.exchange("fanout")
    first, second = client.bound(exchange), client.bound(exchange)
    client.send("hello", "", exchange, headers={"who": "me"})
    client.get(first).headers["who"] = "you"
    assert client.get(second).headers == {"who": "me"}


def test_delivery_names_its_exchange_and_routing_key(client: Client) -> None:
    exchange = client.exchange("topic")
    tag = client.consume(client.bound(exchange, "#"))
    client.send("hello", "a.b", exchange)
    client.wait()
    assert client.got[0].delivery_info == {
        "consumer_tag": tag,
        "delivery_tag": 1,
        "redelivered": False,
        "exchange": exchange,
        "routing_key": "a.b",
    }


def test_get_returns_the_number_of_remaining_messages(client: Client) -> None:
    queue = client.queue()
    client.send("a", queue)
    client.send("b", queue)
    assert client.get(queue).delivery_info["message_count"] == 1


def test_get_from_an_empty_queue_returns_none(client: Client) -> None:
    assert client.get(client.queue()) is None
