"""Waits: a request may name a record that another service has just written, before its event arrives."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

import eventlet

from chassis.errors import NotFound, NotYet
from chassis.refusals import BUSY

T = TypeVar("T")
SECONDS, PACE = 1.0, 0.05
"""The longest wait of a request, and the pause between two tries. docs/consistency.md has the measured lags."""
MOST_IN_VAIN, REMEMBERED_SECONDS = 10, 60.0
"""After so many vain waits within a minute, an account's next requests are refused at once."""
ID_VERSION = 7
"""All our ids are UUIDs of this version (decision 15)."""


class Waits:
    """The waits of one service in one process, `most` of them at once, so that other requests find a worker."""

    def __init__(self, most: int) -> None:
        self.most, self.waiting = most, 0
        self.in_vain = list[tuple[float, UUID | None]]()

    def known(
        self, work: Callable[[], T], account: UUID | None, fields: Mapping[str, object], expires_at: float | None = None
    ) -> T:
        """Do the work, again and again for up to a second while it is `NotYet`; then that becomes `NotFound`.

        Waiting ends before `expires_at`. Unavailable: `busy`, when too many requests wait already.
        """
        gives_up = min(time.time() + SECONDS, expires_at or math.inf)
        try:
            return work()
        except NotYet as error:
            refusal = NotFound(*error.args)
        if not self._may_wait(account, fields):
            raise refusal
        if self.waiting >= self.most:
            raise BUSY("Too many requests wait for news of other services.", retry_after=1)
        self.waiting += 1
        try:
            while time.time() + PACE <= gives_up:
                eventlet.sleep(PACE)
                with suppress(NotYet):
                    return work()
        finally:
            self.waiting -= 1
        self.in_vain.append((time.monotonic(), account))
        raise refusal

    def _may_wait(self, account: UUID | None, fields: Mapping[str, object]) -> bool:
        """Whether news may be under way: for a known caller, about ids of ours, and not for an account that guesses."""
        self.in_vain = [(at, one) for at, one in self.in_vain if at > time.monotonic() - REMEMBERED_SECONDS]
        is_ours = all(one.version == ID_VERSION for one in fields.values() if isinstance(one, UUID))
        return account is not None and is_ours and [one for _, one in self.in_vain].count(account) < MOST_IN_VAIN
