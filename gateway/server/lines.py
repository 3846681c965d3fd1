"""Lines in which slow commands wait for their turn at the gateway.

A password's hash keeps a processor for some 20 ms. Fifty people who sign in at once would otherwise fill the line of
the auth service, and everybody's quick requests would stand behind them. Signing in has a line of its own: nobody keeps
others out by what else takes a hash.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from eventlet.semaphore import Semaphore

from chassis.contract import Command
from chassis.refusals import BUSY

AT_ONCE = 4
"""Of each line, on their way to a service from one gateway: enough to keep its threads at work."""
WAIT = 0.8
"""Of the contract's deadline; whoever has waited so long would not get an answer in time."""


class Lines:
    """The lines of one gateway, by name."""

    def __init__(self) -> None:
        self.turns: dict[str, Semaphore] = {}

    @contextmanager
    def turn(self, contract: type[Command], waited: float = 0.0) -> Iterator[float]:
        """Wait for the turn of a command that has a line; the seconds that are left for it. Unavailable: `busy`.

        It may have `waited` some seconds before.
        """
        if not contract.line:
            yield contract.deadline - waited
            return
        turns, began = self.turns.setdefault(contract.line, Semaphore(AT_ONCE)), time.monotonic() - waited
        if not turns.acquire(timeout=contract.deadline * WAIT - waited):
            raise BUSY(retry_after=1)
        try:
            yield contract.deadline - (time.monotonic() - began)
        finally:
            turns.release()
