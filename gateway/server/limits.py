"""How often somebody may ask: counted per account, or per network address of those who are not signed in.

The windows are fixed: each begins with somebody's first request and ends a second or a minute later. A count is then
one number, one step in Redis, and exact about when it ends. Around the end of a window twice the limit can pass within
a moment, which harms nobody: the mean stays, and the auth service counts failed tries to sign in by itself. A moving
window would keep a time for every request, and a sliding one asks twice as much of the store.
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
from gateway.server.addresses import network
from gateway.server.sign_in_limits import Trials
from gateway.settings import Settings
from telemetry.logs import log

GUESSED = frozenset({"/api/auth/login", "/api/auth/mfa/verify", "/api/auth/reset-password"})
"""Where passwords, codes and mailed secrets could be guessed: failures have the strictest limit, see `Trials`."""
SENT = frozenset(
    {
        "/api/auth/register",
        "/api/auth/forgot-password",
        "/api/auth/resend-verification",
        "/api/users/me/email",
    }
)
"""Where a success sends a mail to any address, or tells whether it has an account: each request counts there.

So does each of an account that sends a password to be hashed, as the line in its command says.
"""
SIGN_IN = GUESSED | SENT
"""What `LIMIT_SIGN_IN` is for. A refresh token or a link to verify has 256 bits: neither can be guessed."""
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
        count = max(0, count + amount)  # What is given back may have been forgotten meanwhile.
        self.counts[key] = count, ends
        return count

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


class Held(NamedTuple):
    """A failure that a try holds: where it was counted, of which limit, under which names."""

    counter: FixedWindowRateLimiter | None
    item: RateLimitItem
    names: tuple[str, ...]


UNCOUNTED = Held(None, RateLimitItemPerSecond(1), ())
"""Where failures have no limit."""


class Limits:
    """The limits of one gateway."""

    def __init__(self, settings: Settings) -> None:
        self.account, self.address = settings.limit_account, settings.limit_address
        self.sign_in, self.tries = settings.limit_sign_in, settings.limit_sign_in_tries
        self.trials = Trials(self)
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

    def count_sent(self, url: str, address: str) -> None:
        """Count a request to a route of `SENT`, each for itself. TooMany: `rate_limited`."""
        self._count(self.sign_in, url, network(address))

    def count_try(self, url: str, network: str) -> None:
        """Count a try to sign in, whatever comes of it. TooMany: `rate_limited`."""
        self._count(self.tries, f"try {url}", network)

    def take_failure(self, url: str, network: str) -> Held | None:
        """Take one of the failures that a network has left; None when there is none.

        These windows are the clock's, so that a failure comes back to the window that it was taken from.
        """
        item = self.sign_in
        if item is None:
            return UNCOUNTED
        names = "failure", url, network, str(int(time.time() // item.get_expiry()))
        counter, has_some = self._asked("hit", item, *names)
        held = Held(counter, item, names)
        if has_some:
            return held
        self.give_back(held)  # Else each refusal would take from who comes when a try has succeeded.
        return None

    def give_back(self, held: Held) -> None:
        """Take a failure back. While Redis is away it stays counted there."""
        if held.counter is self.here:
            self.here.hit(held.item, *held.names, cost=-1)
        elif held.counter is not None:
            self._asked("hit", held.item, *held.names, cost=-1)

    def no_failure_left(self) -> TooMany:
        """The refusal of a try: the window of the clock has to end."""
        item = self.sign_in
        assert item is not None  # noqa: S101  without a limit a try is never refused
        return _too_many(item, item.get_expiry() - time.time() % item.get_expiry())

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
        return _too_many(item, ends - time.time())

    def _ask(self, question: str, item: RateLimitItem, kind: str, who: str) -> Any:
        return self._asked(question, item, kind, who)[1]

    def _asked(
        self, question: str, item: RateLimitItem, *names: str, **more: int
    ) -> tuple[FixedWindowRateLimiter, Any]:
        """Ask Redis if there is one, and our own counts while it does not answer: nobody is refused for its sake.

        Which of them has answered, and what.
        """
        if self.shared is None or time.monotonic() < self.absent_until:
            return self.here, getattr(self.here, question)(item, *names, **more)
        if self.absent_until:
            self.absent_until = time.monotonic() + ABSENT_SECONDS  # One request tries whether it is back, not all.
        try:
            with eventlet.Timeout(STORE_SECONDS):
                found = getattr(self.shared, question)(item, *names, **more)
        except (*self.store_errors, OSError, eventlet.Timeout) as error:
            self._store_failed(error)
            return self.here, getattr(self.here, question)(item, *names, **more)
        self.absent_until = 0.0
        return self.shared, found

    def _store_failed(self, error: BaseException) -> None:
        STORE_FAILED.inc()
        if not self.absent_until:
            log.warning("limits store failed", error=type(error).__qualname__)
        self.absent_until = time.monotonic() + ABSENT_SECONDS


def _too_many(item: RateLimitItem, seconds: float) -> TooMany:
    return RATE_LIMITED(retry_after=min(item.get_expiry(), max(1, ceil(seconds))), rate_limit=item.amount)


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
