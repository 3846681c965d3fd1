"""Whether a process can take work.

A condition that may take its time, such as a question to a database, is looked at in the background, so that whoever
asks for readiness has the answer at once, also of a process whose database is frozen.
"""

from collections.abc import Callable

import eventlet

from telemetry.logs import log, log_unexpected

PACE_SECONDS = 1.0
LIMIT_SECONDS = 2.0
"""A condition that has not been found to hold by then does not."""


class Health:
    """The named conditions under which a process can take work: who needs what, such as `auth.database`."""

    def __init__(self) -> None:
        self.checks: dict[str, Callable[[], bool]] = {}
        self.found: dict[str, bool] = {}
        """What was last found of those that are looked at in the background."""
        self.told: dict[str, bool] = {}
        self.lists: list[Callable[[], list[str]]] = []
        self.starting = self.stopping = False

    def add_list(self, failing: Callable[[], list[str]]) -> None:
        """Add conditions that have a name only while they do not hold, such as queues that cannot be read from."""
        self.lists.append(failing)

    def add(self, name: str, check: Callable[[], bool]) -> None:
        """Readiness needs this condition as well."""
        self.checks[name] = check

    def failing(self) -> list[str]:
        """The names of the conditions that do not hold; empty when ready."""
        failing = [name for name, check in self.checks.items() if not check()]
        failing += [name for failing_of in self.lists for name in failing_of()]
        phases = {"starting": self.starting, "stopping": self.stopping}
        return [*(phase for phase, is_on in phases.items() if is_on), *failing]

    def add_slow(self, name: str, check: Callable[[], bool]) -> Callable[[], None]:
        """As `add`, for a check that may wait for others; what ends the looking."""
        self.found[name] = False
        self.checks[name] = lambda: self.found[name]
        looking = eventlet.spawn(self._look, name, check)
        end: Callable[[], None] = looking.kill
        return end

    def _look(self, name: str, check: Callable[[], bool]) -> None:
        while not self.stopping:
            holds = False
            try:
                with eventlet.Timeout(LIMIT_SECONDS, exception=False):
                    holds = check()
            except Exception as error:  # noqa: BLE001  who cannot be looked at is not there, and is looked at again
                log_unexpected("condition unknown", error, condition=name)
            self.found[name] = holds
            eventlet.sleep(PACE_SECONDS)

    def watch(self) -> None:
        """Write a line to the log when a broker or a database goes, and one when it is back, for all that need it."""
        while not self.stopping:
            eventlet.sleep(PACE_SECONDS)
            self.tell(self.failing())

    def tell(self, failing: list[str]) -> None:
        """Log what has changed since the last time. What was never there is told as well."""
        for thing in dict.fromkeys(name.split(".")[1] for name in self.checks):
            needing = [name for name in failing if f"{name}.".partition(".")[2].startswith(f"{thing}.")]
            if self.told.get(thing, True) is bool(needing) and not self.stopping:
                self.told[thing] = not needing
                log.warning(f"{thing} lost" if needing else f"{thing} back", failing=needing)
