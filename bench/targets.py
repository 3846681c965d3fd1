"""What is measured: a target with its processes, and the requests that are sent to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.cpu import Watch

OPERATIONS = ("login", "slots", "list", "book")
AT_MOST_A_SECOND = 2000
"""More requests than any target answers: so many are prepared where each can be sent only once."""
ENOUGH = 500
"""Different requests of an operation that may be repeated."""


@dataclass
class Requests:
    """The requests of one operation, as lines for wrk, by number."""

    line: Callable[[int], str]
    once: bool = False
    """Whether each can be sent only once, such as the booking of a slot."""
    at: int = field(default=0, init=False)

    def take(self, seconds: float) -> list[str]:
        """Requests for a run of so many seconds."""
        count = int(AT_MOST_A_SECOND * seconds) if self.once else ENOUGH
        return [self.line(number) for number in range(self.at, self.at + count)]

    def used(self, count: int) -> None:
        """So many have been sent."""
        self.at += count if self.once else 0


@dataclass(frozen=True)
class Target:
    """A server under test."""

    name: str
    url: str
    requests: Mapping[str, Requests]
    """By operation; one that the target does not have is missing."""
    watch: Callable[[str], Watch]
    """What to count while an operation is measured."""


def request(method: str, path: str, token: str = "", body: str = "") -> str:
    """One line for wrk."""
    return f"{method}\t{path}\t{token}\t{body}"
