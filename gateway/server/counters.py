"""Count requests in fixed windows: in Redis for all gateways together, or in this process.

A window begins with the first request and ends a second or a minute later. One window needs one number and one step
in Redis, and its end is known exactly. Around that end a caller can send twice the limit in a moment. This is harmless:
the average holds, and the auth service counts failed sign-ins itself. A moving window would store a time for each
request, and a sliding window would ask Redis twice as much.
"""

import time
from math import ceil
from typing import Any, NamedTuple

import eventlet
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import ConfigurationError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from prometheus_client import Counter

from chassis.config import ConfigError
from chassis.errors import TooMany
from gateway.problems import RATE_LIMITED
from telemetry.logs import log

STORE_SECONDS = 0.2
"""A request waits at most this long for Redis."""
ABSENT_SECONDS = 2.0
"""The gateway does not ask Redis again for this long after a failure."""
MAX_COUNTS = 100_000
SWEEP_AT = 10_000
STORE_FAILED = Counter("matron_limits_store_failed", "Requests counted in this process because Redis did not answer.")


class Counts(Storage):
    """At most `MAX_COUNTS` counts in this process.

    The library's own storage checks every key from a timer every 10 ms, which is slow with many addresses.
    """

    STORAGE_SCHEME = None
    base_exceptions = ValueError

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, tuple[int, float]] = {}
        self.sweep_at = SWEEP_AT

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return the number in this window of `expiry` seconds."""
        now = time.time()
        count, ends = self.counts.get(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + expiry
            if len(self.counts) >= self.sweep_at:
                self._sweep(now)
        count = max(0, count + amount)  # A sweep may have removed the count that is given back.
        self.counts[key] = count, ends
        return count

    def get(self, key: str) -> int:
        """Return the number in this window."""
        count, ends = self.counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return the Unix time at which the window ends."""
        return self.counts.get(key, (0, time.time()))[1]

    def _sweep(self, now: float) -> None:
        """Remove ended windows. Remove all when an attacker has so many addresses that limits mean little."""
        self.counts = {key: count for key, count in self.counts.items() if count[1] > now}
        if len(self.counts) >= MAX_COUNTS:
            self.counts.clear()
        self.sweep_at = min(MAX_COUNTS, max(SWEEP_AT, 2 * len(self.counts)))

    def check(self) -> bool:
        """Return True: this storage is always available."""
        return True

    def reset(self) -> int:
        """Remove all counts, and return their number."""
        number = len(self.counts)
        self.counts.clear()
        return number

    def clear(self, key: str) -> None:
        """Remove one count."""
        self.counts.pop(key, None)


class Taken(NamedTuple):
    """A count that can be given back: where it was counted, for which limit, under which names."""

    counter: FixedWindowRateLimiter | None
    limit: RateLimitItem
    names: tuple[str, ...]


UNLIMITED = Taken(None, RateLimitItemPerSecond(1), ())
"""Taken where there is no limit."""


class Counters:
    """Counts in Redis if the URL names one, and in this process while Redis does not answer."""

    def __init__(self, url: str) -> None:
        self.here = FixedWindowRateLimiter(Counts())
        self.shared = None if url == "memory://" else _shared(url)
        self.store_errors = _errors(self.shared)
        self.absent_until = 0.0

    def count(self, limit: RateLimitItem | None, *names: str) -> None:
        """Count a request under these names. TooMany: `rate_limited`."""
        if limit is not None and not self._ask("hit", limit, *names):
            raise self._refusal(limit, *names)

    def check(self, limit: RateLimitItem | None, *names: str) -> None:
        """Refuse names that have no request left, without counting. TooMany: `rate_limited`."""
        if limit is not None and not self._ask("test", limit, *names):
            raise self._refusal(limit, *names)

    def take(self, limit: RateLimitItem | None, *names: str) -> Taken | None:
        """Count in the clock's window, so that `give_back` finds the same window. None: no count is left."""
        if limit is None:
            return UNLIMITED
        window = *names, str(int(time.time() // limit.get_expiry()))
        counter, has_some = self._asked("hit", limit, *window)
        taken = Taken(counter, limit, window)
        if has_some:
            return taken
        self.give_back(taken)  # A refusal must not use up a count that a later success gives back.
        return None

    def give_back(self, taken: Taken) -> None:
        """Undo a count. While Redis is away, a count in Redis stays."""
        if taken.counter is self.here:
            self.here.hit(taken.limit, *taken.names, cost=-1)
        elif taken.counter is not None:
            self._asked("hit", taken.limit, *taken.names, cost=-1)

    def _refusal(self, limit: RateLimitItem, *names: str) -> TooMany:
        ends = self._ask("get_window_stats", limit, *names).reset_time
        return too_many(limit, ends - time.time())

    def _ask(self, question: str, limit: RateLimitItem, *names: str) -> Any:
        return self._asked(question, limit, *names)[1]

    def _asked(
        self, question: str, limit: RateLimitItem, *names: str, **options: int
    ) -> tuple[FixedWindowRateLimiter, Any]:
        """Ask Redis if there is one, and this process while Redis does not answer: an outage refuses no request.

        Returns the counter that has answered, and its answer.
        """
        if self.shared is None or time.monotonic() < self.absent_until:
            return self.here, getattr(self.here, question)(limit, *names, **options)
        if self.absent_until:
            self.absent_until = time.monotonic() + ABSENT_SECONDS  # Only this request tests whether Redis is back.
        try:
            with eventlet.Timeout(STORE_SECONDS):
                found = getattr(self.shared, question)(limit, *names, **options)
        except (*self.store_errors, OSError, eventlet.Timeout) as error:
            self._store_failed(error)
            return self.here, getattr(self.here, question)(limit, *names, **options)
        self.absent_until = 0.0
        return self.shared, found

    def _store_failed(self, error: BaseException) -> None:
        STORE_FAILED.inc()
        if not self.absent_until:
            log.warning("limits store failed", error=type(error).__qualname__)
        self.absent_until = time.monotonic() + ABSENT_SECONDS


def too_many(limit: RateLimitItem, seconds: float) -> TooMany:
    """Return the refusal of a request whose window ends in so many seconds."""
    return RATE_LIMITED(retry_after=min(limit.get_expiry(), max(1, ceil(seconds))), rate_limit=limit.amount)


def _shared(url: str) -> FixedWindowRateLimiter:
    try:
        return FixedWindowRateLimiter(storage_from_string(url, **_redis_options()))
    except (ConfigurationError, ImportError, ValueError):
        raise ConfigError("LIMITS_URL needs the extra `redis` and a valid address") from None


def _errors(shared: FixedWindowRateLimiter | None) -> tuple[type[Exception], ...]:
    """Return the errors that the client of a store raises."""
    found = () if shared is None else shared.storage.base_exceptions
    return found if isinstance(found, tuple) else (found,)


def _redis_options() -> dict[str, Any]:
    """Return options that keep the Redis client from retrying, since a request waits for it."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": STORE_SECONDS,
        "socket_connect_timeout": STORE_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
