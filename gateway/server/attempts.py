"""Sign-in attempts: an address may fail a few times a minute, and succeed much more often.

An attempt takes one of the failures left to its network before the gateway answers it, and gives that failure back
unless the attempt fails. So a hundred guesses at once get no more answers than a hundred in a row. A hundred colleagues
behind one address who sign in at once wait for each other, while a running attempt may give its failure back.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import NamedTuple

import eventlet
from eventlet.event import Event
from limits import RateLimitItem

from chassis.errors import MatronError, TooMany
from chassis.refusals import BUSY
from gateway.server.counters import Counters, Taken, too_many

PATIENCE = 3.0
"""Seconds that an attempt waits for others. The rest of its deadline is for its line and for the service."""


class Key(NamedTuple):
    """Attempts that share their failures: a command, and the network that sends it."""

    method: str
    network: str


class Attempt:
    """An attempt under way: `waited` seconds for others, and the `status` of its answer once there is one."""

    def __init__(self, waited: float) -> None:
        self.waited = waited
        self.status = int(HTTPStatus.OK)


class _Queue:
    """The attempts of one key in this gateway: all, those that are being answered, and those that wait."""

    def __init__(self) -> None:
        self.here = self.running = 0
        self.waiting: deque[Event] = deque()

    def end(self, *, failed: bool) -> None:
        """End a running attempt. Wake one waiter for a failure given back, and all when no attempt runs any more."""
        self.running -= 1
        for _ in range(min(len(self.waiting), (0 if failed else 1) if self.running else len(self.waiting))):
            self.waiting.popleft().send()


class Attempts:
    """The sign-in attempts of one gateway: `failures` and `most` are limits of one network and command."""

    def __init__(self, counters: Counters, failures: RateLimitItem | None, most: RateLimitItem | None) -> None:
        self.counters, self.failures, self.most = counters, failures, most
        self.queues: dict[Key, _Queue] = {}

    @contextmanager
    def enter(self, key: Key) -> Iterator[Attempt]:
        """Let an attempt go on. TooMany: `rate_limited`. Unavailable: `busy`, after waiting in vain for others."""
        queue = self.queues.setdefault(key, _Queue())
        queue.here += 1
        try:
            began = time.monotonic()
            taken = self._take(key, queue, began + PATIENCE)
            with self._running(key, queue, taken, time.monotonic() - began) as attempt:
                yield attempt
        finally:
            queue.here -= 1
            if not queue.here:
                del self.queues[key]

    def take_failure(self, key: Key) -> Taken | None:
        """Take one of the failures left to a network. None: no failure is left."""
        return self.counters.take(self.failures, "failure", *key)

    def no_failure_left(self) -> TooMany:
        """Return the refusal of an attempt: the clock's window has to end first."""
        limit = self.failures
        assert limit is not None  # noqa: S101  without a limit no attempt is refused
        return too_many(limit, limit.get_expiry() - time.time() % limit.get_expiry())

    def _take(self, key: Key, queue: _Queue, until: float) -> Taken:
        """Take a failure. While none is left and attempts that may give theirs back are running, wait for them."""
        while True:
            woken = Event()
            queue.waiting.append(woken)  # First, because Redis answers later, and an attempt may end before that.
            try:
                taken = self.take_failure(key)
                if taken is not None:
                    queue.running += 1
                    return taken
                if not woken.ready():
                    self._wait(queue, woken, until - time.monotonic())
            finally:
                if not woken.ready():
                    queue.waiting.remove(woken)

    def _wait(self, queue: _Queue, woken: Event, seconds: float) -> None:
        """Return when a failure may be left again. TooMany: `rate_limited`. Unavailable: `busy`."""
        if not queue.running:
            raise self.no_failure_left()
        with eventlet.Timeout(max(0.0, seconds), exception=False):
            woken.wait()
            return
        raise BUSY(retry_after=1)

    @contextmanager
    def _running(self, key: Key, queue: _Queue, taken: Taken, waited: float) -> Iterator[Attempt]:
        """Run an attempt. It keeps its failure only if it may have been a guess."""
        attempt, failed = Attempt(waited), True
        try:
            self.counters.count(self.most, "try", *key)
            yield attempt
            failed = _is_failure(attempt.status)
        except MatronError as error:
            failed = error.code != "rate_limited" and _is_failure(error.status)
            raise
        finally:
            if not failed:
                self.counters.give_back(taken)
            queue.end(failed=failed)


def _is_failure(status: int) -> bool:
    """Whether an attempt may have been a guess. When the hospital fails, a guess has no answer."""
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
