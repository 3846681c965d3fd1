"""Outage of the broker: no committed data is lost, and no call waits for ever."""

import time
from collections.abc import Callable, Iterator

import eventlet
import pytest
from nameko.containers import ServiceContainer

from chassis.errors import Unavailable
from chassis.messaging import outbox
from tests.broker.place import Place, Raw, broker_of, refusal, soon
from tests.broker.proxy import Proxy
from tests.ward import Desk, Steps, Ward
from transports import links, wire

LINKS_OF_A_SERVICE = 3


@pytest.fixture
def proxy(amqp_url: str) -> Iterator[Proxy]:
    """The proxy in front of the broker."""
    proxy = Proxy(amqp_url)
    yield proxy
    proxy.close()


@pytest.fixture
def behind(proxy: Proxy, open_place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place behind the proxy, whose relays check often for unsent events."""
    monkeypatch.setattr(outbox, "CATCH_UP_SECONDS", 0.2)
    return open_place(proxy.url)


def is_connected(container: ServiceContainer) -> bool:
    """Whether all links of a service are up."""
    broker = broker_of(container)
    return all(link.is_up for link in (broker.consuming, broker.replies, broker.publisher.link))


def test_event_committed_during_an_outage_arrives_later(behind: Place, proxy: Proxy, direct: Raw, steps: Steps) -> None:
    [container] = behind.serve(Ward)
    queue, client = direct.listen("ward.events"), behind.client()
    steps.write = proxy.cut
    error = refusal(lambda: behind.write(client))
    assert error.status in (503, 504)
    soon(lambda: len(behind.sequences()[False]) == 1)
    assert direct.get(queue) is None
    steps.write = lambda: None
    proxy.restore()
    assert int(direct.wait(queue).headers["ce-sequence"]) == 1
    soon(lambda: broker_of(container).consuming.is_up)


def test_write_is_not_repeated_when_its_answer_was_lost(behind: Place, proxy: Proxy, steps: Steps) -> None:
    [container] = behind.serve(Ward)
    client = behind.client()
    steps.write = proxy.cut
    refusal(lambda: behind.write(client, key="once"))
    steps.write = lambda: None
    proxy.restore()
    soon(lambda: client.link.is_up and is_connected(container))
    assert behind.write(client, key="once")["text"] == "a note"
    assert len(behind.sequences()[False]) == 1


def test_calls_are_refused_at_once_without_a_broker(behind: Place, proxy: Proxy) -> None:
    behind.serve(Ward)
    client = behind.client()
    proxy.cut()
    soon(lambda: not client.link.is_up)
    began = time.monotonic()
    error = refusal(lambda: behind.write(client))
    assert (type(error), error.code, "retry_after" in error.facts) == (Unavailable, "broker_down", True)
    assert time.monotonic() - began < 0.5


def test_waiting_call_ends_at_once_when_the_link_is_lost(behind: Place, proxy: Proxy, steps: Steps) -> None:
    behind.serve(Ward)
    client, released = behind.client(), eventlet.event.Event()
    steps.greet = released.wait
    calls = [eventlet.spawn(refusal, lambda: client.call("ward", "greet", {}, behind.nurse(), 60.0)) for _ in range(3)]
    soon(lambda: len(client.waiting) == len(calls))
    proxy.cut()
    assert {call.wait().code for call in calls} == {"no_answer"}
    released.send(None)


def test_service_works_again_when_the_broker_is_back(behind: Place, proxy: Proxy) -> None:
    services = behind.serve(Ward, Desk)
    client = behind.client()
    behind.write(client, "before")
    soon(lambda: len(behind.heard()) == 1)
    proxy.cut()
    soon(lambda: not client.link.is_up)
    proxy.restore()
    soon(lambda: client.link.is_up and all(is_connected(one) for one in services))
    behind.write(client, "after")
    assert soon(lambda: len(behind.heard()) == 2)


def test_calls_end_by_their_deadline_when_the_broker_is_frozen(behind: Place, proxy: Proxy) -> None:
    behind.serve(Ward)
    client = behind.client()
    proxy.freeze()
    began = time.monotonic()
    calls = [eventlet.spawn(refusal, lambda: client.call("ward", "greet", {}, behind.nurse(), 0.5)) for _ in range(50)]
    assert {call.wait().code for call in calls} == {"no_answer"}
    assert time.monotonic() - began < 1.0
    assert client.waiting == {}


def test_service_keeps_its_three_connections(behind: Place, proxy: Proxy) -> None:
    behind.serve(Ward)
    assert proxy.connections == LINKS_OF_A_SERVICE
    client = behind.client()
    for number in range(20):
        behind.write(client, f"note {number}")
    assert proxy.connections == LINKS_OF_A_SERVICE + 1


def test_reconnect_leaves_no_extra_connection(behind: Place, proxy: Proxy) -> None:
    [container] = behind.serve(Ward)
    for _ in range(3):
        proxy.cut()
        proxy.restore()
        soon(lambda: is_connected(container))
        assert soon(lambda: proxy.connections == LINKS_OF_A_SERVICE)


def test_link_without_heartbeats_reconnects(behind: Place, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    behind.serve(Ward)
    monkeypatch.setattr(links, "HEARTBEAT_SECONDS", 1)
    client = behind.client()
    proxy.freeze()
    soon(lambda: not client.link.is_up)
    proxy.thaw()
    assert soon(lambda: client.link.is_up)


def test_readiness_detects_a_frozen_broker_within_seconds(behind: Place, proxy: Proxy) -> None:
    behind.serve(Ward)
    health = behind.health["ward"]
    proxy.freeze()
    soon(lambda: health.failing() == ["ward.broker", "ward.broker.events"], 5.0)
    began = time.monotonic()
    health.failing()
    assert time.monotonic() - began < 0.1
    proxy.thaw()
    soon(lambda: not health.failing())


def test_service_is_not_ready_when_its_events_cannot_leave(behind: Place, direct: Raw, proxy: Proxy) -> None:
    [container] = behind.serve(Ward)
    broker_of(container).publisher.link.stop()
    assert behind.health["ward"].failing() == ["ward.broker.events"]


def test_stop_ends_although_the_broker_is_frozen(behind: Place, proxy: Proxy) -> None:
    [container] = behind.serve(Ward)
    proxy.freeze()
    began = time.monotonic()
    container.stop()
    assert time.monotonic() - began < 4.0


def test_link_drops_a_broker_that_reads_nothing(behind: Place, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SEND_SECONDS", 0.3)
    behind.serve(Ward)
    client = behind.client()
    proxy.freeze()
    big = {"name": "x" * 4_000_000}
    began = time.monotonic()
    error = refusal(lambda: [client.call("ward", "greet", big, behind.nurse(), 5.0) for _ in range(4)])
    assert (error.status in (503, 504), time.monotonic() - began < 4.0) == (True, True)
    proxy.thaw()
    assert soon(lambda: client.link.is_up)
