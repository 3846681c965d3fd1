"""A target: its processes, and the requests sent to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from bench.cpu import Watch

Tokens = Callable[[UUID, str], str]
"""Return the access token of a person in a role."""

OPERATIONS = ("login", "slots", "list", "book", "vitals", "history", "result")
AT_MOST_A_SECOND = 2000
"""More requests than any target answers, prepared for operations whose requests can be sent only once."""
ENOUGH = 500
"""The number of different requests of a repeatable operation."""


@dataclass
class Requests:
    """The requests of an operation, as lines for wrk, by number."""

    line: Callable[[int], str]
    once: bool = False
    """Whether each request writes and is sent only once, such as the booking of a slot."""
    at: int = field(default=0, init=False)

    def take(self, seconds: float) -> list[str]:
        """Return the requests for a run of this length."""
        count = int(AT_MOST_A_SECOND * seconds) if self.once else ENOUGH
        return [self.line(number) for number in range(self.at, self.at + count)]

    def used(self, count: int) -> None:
        """Note the number of sent requests."""
        self.at += count if self.once else 0


@dataclass(frozen=True)
class Target:
    """A server under test."""

    name: str
    url: str
    requests: Mapping[str, Requests]
    """By operation; missing if the target does not have it."""
    watch: Callable[[str], Watch]
    """Return the processes to count during an operation."""


def request(method: str, path: str, token: str = "", body: str = "") -> str:
    """Return a line for wrk."""
    return f"{method}\t{path}\t{token}\t{body}"
