"""Long computations, such as a password hash, in native threads, so that they do not block the process.

Few run and few wait at a time: more threads would slow each other down, and a longer queue would exceed the
deadlines of the callers.
"""

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from eventlet import tpool
from eventlet.semaphore import Semaphore

RUNNING = max(1, (os.cpu_count() or 2) - 1)
"""One processor remains for everything else."""
WAITING = 32

# By default eventlet uses 20 threads in turn, and each keeps the memory of its largest hash.
tpool.set_num_threads(RUNNING)

_turns = Semaphore(RUNNING)
_places = Semaphore(RUNNING + WAITING)

P = ParamSpec("P")
R = TypeVar("R")


class CrowdedError(Exception):
    """Too many calls wait for a thread."""


def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function in a native thread, while other green threads run. It must not use green objects."""
    if not _places.acquire(blocking=False):
        raise CrowdedError
    try:
        with _turns:
            result: R = tpool.execute(function, *args, **kwargs)
            return result
    finally:
        _places.release()


def in_turn(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function in a native thread as `in_thread`, but wait as long as it takes: for short work on files."""
    with _turns:
        result: R = tpool.execute(function, *args, **kwargs)
        return result
