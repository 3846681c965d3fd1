"""Counters keep bounded memory, count together over Redis, and count alone while Redis is away."""

import socket
from collections.abc import Iterator

import pytest
import time_machine
from limits import RateLimitItemPerMinute

from chassis.errors import TooMany
from gateway.server import counters
from gateway.server.counters import Counters, Counts
from tests.gateway.store import redis_like
from tests.servers.processes import free_ports

LIMIT = RateLimitItemPerMinute(3)
ADDRESS = "192.0.2.1"


def allowed(of: Counters, requests: int) -> int:
    """Count so many requests, and return how many are not refused."""
    passed = 0
    for _ in range(requests):
        try:
            of.count(LIMIT, ADDRESS)
            passed += 1
        except TooMany as refused:
            assert refused.code == "rate_limited"  # noqa: PT017
    return passed


def close(*all_of: Counters) -> None:
    """Close the connections to Redis."""
    for one in all_of:
        one.shared.storage.storage.close()  # type: ignore[union-attr]


def test_counts_are_removed_when_their_window_has_ended() -> None:
    counts = Counts()
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False) as now:
        for number in range(200):
            for host in range(counters.SWEEP_AT // 10):
                counts.incr(f"{number}.{host}", 60)
            now.shift(60)
    assert len(counts.counts) <= counters.SWEEP_AT


def test_counts_need_bounded_memory() -> None:
    counts = Counts()
    for number in range(counters.MAX_COUNTS + counters.SWEEP_AT):
        counts.incr(str(number), 3_600)
    assert len(counts.counts) <= counters.MAX_COUNTS


def test_count_stays_at_zero_when_a_removed_count_is_given_back() -> None:
    counts = Counts()
    counts.incr("failure", 60, -1)
    assert counts.incr("failure", 60) == 1


def test_gateways_count_together_when_they_share_a_redis() -> None:
    with redis_like() as (url, counts):
        one, other = Counters(url), Counters(url)
        assert allowed(one, 2) == 2
        assert allowed(other, 2) == 1
        with pytest.raises(TooMany) as refused:
            one.check(LIMIT, ADDRESS)
        close(one, other)
    assert list(counts.values()) == [4]
    assert refused.value.facts["retry_after"] in (42, 43)


def test_gateway_counts_alone_while_redis_is_down() -> None:
    (port,) = free_ports(1)
    failed = counters.STORE_FAILED._value.get()
    assert allowed(Counters(f"redis://127.0.0.1:{port}"), 5) == 3
    assert counters.STORE_FAILED._value.get() == failed + 1


def test_redis_counts_again_when_it_is_back() -> None:
    with redis_like() as (url, counts):
        made = Counters(url)
        made._store_failed(OSError())
        assert (allowed(made, 1), dict(counts)) == (1, {})
        made.absent_until = 1e-9
        assert allowed(made, 1) == 1
        close(made)
    assert list(counts.values()) == [1]


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the URL of a store that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


def test_requests_are_counted_in_time_when_redis_is_silent(silent: str) -> None:
    made = Counters(silent)
    with time_machine.travel("2030-01-01T00:00:00Z", tick=True):
        began = counters.time.time()
        assert allowed(made, 5) == 3
        assert counters.time.time() - began < 2 * counters.STORE_SECONDS
