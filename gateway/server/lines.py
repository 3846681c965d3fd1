"""Lines in which slow commands wait for their turn at the gateway.

Hashing a password takes a processor about 20 ms. Without a line, fifty sign-ins at once would fill the queue of the
auth service and delay every quick request. Signing in has its own line, so other commands that hash a password cannot
block it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from eventlet.semaphore import Semaphore

from chassis.contract import Command
from chassis.refusals import BUSY
from contracts.billing.papers import PRINT

AT_ONCE = 4
"""Commands of each line that one gateway sends at the same time: enough to keep the threads of a service busy."""
ONE_BY_ONE = frozenset({PRINT})
"""Lines whose commands are sent one at a time: papers are less urgent than all other requests."""
WAIT = 0.8
"""The longest wait, as a part of the contract's deadline. After it, an answer would come too late."""


class Lines:
    """The lines of one gateway, by name."""

    def __init__(self) -> None:
        self.turns: dict[str, Semaphore] = {}

    def _turns_of(self, line: str) -> Semaphore:
        return self.turns.setdefault(line, Semaphore(1 if line in ONE_BY_ONE else AT_ONCE))

    @contextmanager
    def turn(self, contract: type[Command], waited: float = 0.0) -> Iterator[float]:
        """Wait for the turn of a command, and yield the seconds left of its deadline. Unavailable: `busy`.

        The request has already `waited` some seconds elsewhere.
        """
        if not contract.line:
            yield contract.deadline - waited
            return
        turns, began = self._turns_of(contract.line), time.monotonic() - waited
        if not turns.acquire(timeout=contract.deadline * WAIT - waited):
            raise BUSY(retry_after=1)
        try:
            yield contract.deadline - (time.monotonic() - began)
        finally:
            turns.release()
