"""How often somebody may ask: counted per account, or per network address of those who are not signed in.

The windows are fixed: each begins with somebody's first request and ends a second or a minute later. A count is then
one number, one step in Redis, and exact about when it ends. Around the end of a window twice the limit can pass within
a moment, which harms nobody: the mean stays, and the auth service counts failed tries to sign in by itself. A moving
window would keep a time for every request, and a sliding one asks twice as much of the store.
"""

import time
from math import ceil
from typing import Any

import eventlet
from limits import RateLimitItem
from limits.errors import ConfigurationError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from prometheus_client import Counter

from chassis.config import ConfigError
from chassis.errors import TooMany
from gateway.addresses import network
from gateway.settings import Settings
from telemetry.logs import log

SIGN_IN = frozenset(
    {
        "/api/auth/register",
        "/api/auth/login",
        "/api/auth/mfa/verify",
        "/api/auth/forgot-password",
        "/api/auth/reset-password",
        "/api/auth/resend-verification",
        "/api/users/me/email",
    }
)
"""Where passwords and codes could be guessed, addresses tried out, or mails sent to others: the strictest limit.

So is that of who has signed in and sends a password to be hashed, as the line in their command says.
"""
STORE_SECONDS = 0.2
"""How long a request waits for Redis at most."""
ABSENT_SECONDS = 2.0
"""How long Redis is left alone after it has not answered."""
MAX_COUNTS = 100_000
SWEEP_AT = 10_000
STORE_FAILED = Counter("matron_limits_store_failed", "Requests that were counted here because Redis did not answer.")


class Counts(Storage):
    """Counts in this process, at most `MAX_COUNTS` of them.

    The library's own storage looks at every key from a timer every 10 ms, and so is slow with many addresses.
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
        self.counts[key] = count + amount, ends
        return count + amount

    def get(self, key: str) -> int:
        """The number in this window."""
        count, ends = self.counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """The Unix time at which the window ends."""
        return self.counts.get(key, (0, time.time()))[1]

    def _sweep(self, now: float) -> None:
        """Forget what has ended; and all, when an attacker has so many addresses that a limit for each means little."""
        self.counts = {key: held for key, held in self.counts.items() if held[1] > now}
        if len(self.counts) >= MAX_COUNTS:
            self.counts.clear()
        self.sweep_at = min(MAX_COUNTS, max(SWEEP_AT, 2 * len(self.counts)))

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int:
        """Forget all; how many there were."""
        number = len(self.counts)
        self.counts.clear()
        return number

    def clear(self, key: str) -> None:
        """Forget one."""
        self.counts.pop(key, None)


class Limits:
    """The limits of one gateway."""

    def __init__(self, settings: Settings) -> None:
        self.account, self.sign_in, self.address = (
            settings.limit_account,
            settings.limit_sign_in,
            settings.limit_address,
        )
        self.here = FixedWindowRateLimiter(Counts())
        self.shared = None if settings.limits_url == "memory://" else _shared(settings.limits_url)
        self.store_errors = _errors(self.shared)
        self.absent_until = 0.0

    def count_account(self, person: str) -> None:
        """Count a request of somebody who is signed in. TooMany: `rate_limited`."""
        self._count(self.account, "account", person)

    def count_address(self, address: str) -> None:
        """Count a request of somebody who is not. TooMany: `rate_limited`."""
        self._count(self.address, "address", network(address))

    def count_sign_in(self, url: str, address: str) -> None:
        """Count a request to a route of `SIGN_IN`, each for itself. TooMany: `rate_limited`."""
        self._count(self.sign_in, url, network(address))

    def count_hashing(self, person: str) -> None:
        """Count a request of somebody who is signed in that has a password hashed. TooMany: `rate_limited`."""
        self._count(self.sign_in, "hashing", person)

    def check_address(self, address: str) -> None:
        """Refuse, without counting, an address that has no request left. TooMany: `rate_limited`."""
        if self.address is not None and not self._ask("test", self.address, "address", network(address)):
            raise self._refusal(self.address, "address", network(address))

    def _count(self, item: RateLimitItem | None, kind: str, who: str) -> None:
        if item is not None and not self._ask("hit", item, kind, who):
            raise self._refusal(item, kind, who)

    def _refusal(self, item: RateLimitItem, kind: str, who: str) -> TooMany:
        ends = self._ask("get_window_stats", item, kind, who).reset_time
        seconds = min(item.get_expiry(), max(1, ceil(ends - time.time())))
        facts = {"retry_after": seconds, "rate_limit": item.amount}
        return TooMany("rate_limited", "Too many requests: wait a moment.", facts)

    def _ask(self, question: str, item: RateLimitItem, kind: str, who: str) -> Any:
        """Ask Redis if there is one, and our own counts while it does not answer: nobody is refused for its sake."""
        if self.shared is None or time.monotonic() < self.absent_until:
            return getattr(self.here, question)(item, kind, who)
        if self.absent_until:
            self.absent_until = time.monotonic() + ABSENT_SECONDS  # One request tries whether it is back, not all.
        try:
            with eventlet.Timeout(STORE_SECONDS):
                found = getattr(self.shared, question)(item, kind, who)
        except (*self.store_errors, OSError, eventlet.Timeout) as error:
            self._store_failed(error)
            return getattr(self.here, question)(item, kind, who)
        self.absent_until = 0.0
        return found

    def _store_failed(self, error: BaseException) -> None:
        STORE_FAILED.inc()
        if not self.absent_until:
            log.warning("limits store failed", error=type(error).__qualname__)
        self.absent_until = time.monotonic() + ABSENT_SECONDS


def _shared(url: str) -> FixedWindowRateLimiter:
    try:
        return FixedWindowRateLimiter(storage_from_string(url, **_patience()))
    except (ConfigurationError, ImportError, ValueError):
        raise ConfigError("LIMITS_URL needs the extra `redis`, and an address that it can read") from None


def _errors(shared: FixedWindowRateLimiter | None) -> tuple[type[Exception], ...]:
    """What the client of a store raises."""
    found = () if shared is None else shared.storage.base_exceptions
    return found if isinstance(found, tuple) else (found,)


def _patience() -> dict[str, Any]:
    """Options of the Redis client: it must not try again by itself, since a request waits for it."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": STORE_SECONDS,
        "socket_connect_timeout": STORE_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
