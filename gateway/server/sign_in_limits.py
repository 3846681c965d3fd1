"""Tries to sign in: an address has few failures a minute, and many more successes.

A try takes one of the failures that its address has left before it is heard, and gives it back unless it fails. So of a
hundred guesses at once no more are heard than of a hundred one after the other. A hundred colleagues behind one address
who sign in at once wait for each other, as long as a try under way may give its failure back.
"""

import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import eventlet
from eventlet.event import Event

from chassis.errors import MatronError
from chassis.refusals import BUSY
from gateway.server.addresses import network
from gateway.server.replies import Answer
from gateway.server.requests import Request

if TYPE_CHECKING:
    from gateway.server.limits import Held, Limits

PATIENCE = 3.0
"""Seconds that a try waits for others. What is left of its deadline is for its line and for the service."""

Key = tuple[str, str]
"""A way of signing in, and the network that tries it."""


class _Tries:
    """The tries of one key in this gateway: how many are heard just now, and which wait for one of them to end."""

    def __init__(self) -> None:
        self.here = self.heard = 0
        self.waiting: deque[Event] = deque()

    def end(self, *, failed: bool) -> None:
        """One was heard. Its failure, given back, is for one that waits; when none is heard, no other will come."""
        self.heard -= 1
        for _ in range(min(len(self.waiting), (0 if failed else 1) if self.heard else len(self.waiting))):
            self.waiting.popleft().send()


class Trials:
    """The tries of one gateway."""

    def __init__(self, limits: "Limits") -> None:
        self.limits = limits
        self.tries: dict[Key, _Tries] = {}

    def run(self, request: Request, url: str, ask: Callable[[], Answer]) -> Answer:
        """Have a try heard. TooMany: `rate_limited`. Unavailable: `busy`, after waiting for other tries in vain."""
        key = url, network(request.address)
        tries = self.tries.setdefault(key, _Tries())
        tries.here += 1
        try:
            held = self._take(key, tries, request)
            return self._heard(key, tries, held, ask)
        finally:
            tries.here -= 1
            if not tries.here:
                del self.tries[key]

    def _take(self, key: Key, tries: _Tries, request: Request) -> "Held":
        """Take a failure. While none is left, but tries are heard that may give theirs back, wait for them."""
        began = time.monotonic()
        while True:
            woken = Event()
            tries.waiting.append(woken)  # Before asking: Redis answers later, and a try may end meanwhile.
            try:
                held = self.limits.take_failure(*key)
                if held is not None:
                    tries.heard += 1
                    request.waited = time.monotonic() - began
                    return held
                if not woken.ready():
                    self._wait(tries, woken, began + PATIENCE - time.monotonic())
            finally:
                if not woken.ready():
                    tries.waiting.remove(woken)

    def _wait(self, tries: _Tries, woken: Event, seconds: float) -> None:
        """Return when it makes sense to ask again. TooMany: `rate_limited`. Unavailable: `busy`."""
        if not tries.heard:
            raise self.limits.no_failure_left()
        with eventlet.Timeout(max(0.0, seconds), exception=False):
            woken.wait()
            return
        raise BUSY(retry_after=1)

    def _heard(self, key: Key, tries: _Tries, held: "Held", ask: Callable[[], Answer]) -> Answer:
        """The answer to a try, which keeps its failure only when it may have been a guess."""
        failed = True
        try:
            self.limits.count_try(*key)
            answer = ask()
            failed = _is_failure(answer[0])
        except MatronError as error:
            failed = error.code != "rate_limited" and _is_failure(error.status)
            raise
        finally:
            if not failed:
                self.limits.give_back(held)
            tries.end(failed=failed)
        return answer


def _is_failure(status: int) -> bool:
    """Whether a try may have been a guess. Where the hospital failed, a guess was not answered."""
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
