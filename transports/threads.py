"""Work that holds the processor for long, such as a password hash, done in threads, so that the process goes on.

Few run at once and few wait: more threads would only slow each other down, and a longer line would only outlast the
callers' patience.
"""

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from eventlet import tpool
from eventlet.semaphore import Semaphore

RUNNING = max(1, (os.cpu_count() or 2) - 1)
"""One processor is left for everything else."""
WAITING = 32

# Eventlet's 20 threads take turns, and each keeps the memory of its largest hash.
tpool.set_num_threads(RUNNING)

_turns = Semaphore(RUNNING)
_places = Semaphore(RUNNING + WAITING)

P = ParamSpec("P")
R = TypeVar("R")


class CrowdedError(Exception):
    """Too many calls wait for a thread."""


def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call in a thread, and let other green threads run meanwhile. The function must touch nothing green."""
    if not _places.acquire(blocking=False):
        raise CrowdedError
    try:
        with _turns:
            result: R = tpool.execute(function, *args, **kwargs)
            return result
    finally:
        _places.release()
