"""Work that holds the processor for long, and its refusal while too many calls wait for a thread."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from chassis.refusals import BUSY
from transports import threads

P = ParamSpec("P")
R = TypeVar("R")


def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call in one of few threads; the function must touch nothing green. Unavailable: `busy`, with `retry_after`."""
    try:
        return threads.in_thread(function, *args, **kwargs)
    except threads.CrowdedError:
        raise BUSY(retry_after=1) from None
