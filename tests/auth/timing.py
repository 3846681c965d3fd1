"""Compare the times of two kinds of requests, also on a busy machine."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle
from math import sqrt
from statistics import median

LEAN = 4.0
"""Standard deviations of the sign test: chance alone leans so far once in 16,000 comparisons."""
PART = 0.05
"""A smaller difference is lost in the noise of a network."""

Work = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """Pairs of times in seconds, each pair measured within one moment, so that load slows both halves alike."""

    pairs: tuple[tuple[float, float], ...]

    @property
    def lean(self) -> float:
        """How far the number of pairs whose first half is slower lies from the half of all, in standard deviations."""
        return sum(1 if one > other else -1 for one, other in self.pairs) / sqrt(len(self.pairs))

    @property
    def part(self) -> float:
        """The median difference within a pair, as a part of the median time."""
        return median(one - other for one, other in self.pairs) / median(other for _, other in self.pairs)

    @property
    def tells_apart(self) -> bool:
        """Whether the first half is nearly always slower, or nearly always faster, by more than `PART`."""
        return abs(self.lean) > LEAN and abs(self.part) > PART


def compared(ones: Iterable[Work], others: Iterable[Work]) -> Comparison:
    """Do the work of both sides in pairs, and begin each pair with the other side than the pair before."""
    return Comparison(tuple(map(_pair, ones, others, cycle((True, False)))))


def _pair(one: Work, other: Work, is_first: bool) -> tuple[float, float]:  # noqa: FBT001  a turn
    if is_first:
        return _timed(one), _timed(other)
    seconds = _timed(other)
    return _timed(one), seconds


def _timed(work: Work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
