"""Readiness of a process.

A slow condition, such as a query to a database, is checked in the background. So readiness answers at once, also when
the database is frozen.
"""

from collections.abc import Callable

import eventlet

from telemetry.logs import log, log_unexpected

PACE_SECONDS = 1.0
LIMIT_SECONDS = 2.0
"""A check that takes longer has failed."""


class Health:
    """The named conditions of readiness, as `service.resource`, such as `auth.database`."""

    def __init__(self) -> None:
        self.checks: dict[str, Callable[[], bool]] = {}
        self.found: dict[str, bool] = {}
        """The last results of the checks in the background."""
        self.logged: dict[str, bool] = {}
        self.lists: list[Callable[[], list[str]]] = []
        self.notes: dict[str, Callable[[], object]] = {}
        """Facts that readers of readiness must know, such as unreviewed data. They do not make a process not ready."""
        self.starting = self.stopping = False

    def add_list(self, failing: Callable[[], list[str]]) -> None:
        """Add conditions that are listed only while they fail, such as unreadable queues."""
        self.lists.append(failing)

    def noted(self) -> dict[str, object]:
        """The notes, as plain data."""
        return {name: tell() for name, tell in self.notes.items()}

    def add(self, name: str, check: Callable[[], bool]) -> None:
        """Add a condition, by a fast check."""
        self.checks[name] = check

    def failing(self) -> list[str]:
        """The names of the failing conditions. Empty if ready."""
        failing = [name for name, check in self.checks.items() if not check()]
        failing += [name for failing_of in self.lists for name in failing_of()]
        phases = {"starting": self.starting, "stopping": self.stopping}
        return [*(phase for phase, is_on in phases.items() if is_on), *failing]

    def add_slow(self, name: str, check: Callable[[], bool], *, is_note: bool = False) -> Callable[[], None]:
        """Add a condition by a slow check, in the background. Return a function that ends the checks.

        A condition that `is_note` does not make a process not ready.
        """
        self.found[name] = False
        if is_note:
            self.notes[name] = lambda: self.found[name]
        else:
            self.checks[name] = lambda: self.found[name]
        thread = eventlet.spawn(self._look, name, check)
        end: Callable[[], None] = thread.kill
        return end

    def _look(self, name: str, check: Callable[[], bool]) -> None:
        while not self.stopping:
            holds = False
            try:
                with eventlet.Timeout(LIMIT_SECONDS, exception=False):
                    holds = check()
            except Exception as error:  # noqa: BLE001  a failed check means not ready; it is repeated
                log_unexpected("condition unknown", error, condition=name)
            self.found[name] = holds
            eventlet.sleep(PACE_SECONDS)

    def watch(self) -> None:
        """Log when a broker or a database is lost, and when it is back: one line for all services of the process."""
        while not self.stopping:
            eventlet.sleep(PACE_SECONDS)
            self.tell(self.failing())

    def tell(self, failing: list[str]) -> None:
        """Log the changes since the last call. A resource that was never available counts as lost."""
        for thing in dict.fromkeys(name.split(".")[1] for name in self.checks):
            needing = [name for name in failing if f"{name}.".partition(".")[2].startswith(f"{thing}.")]
            if self.logged.get(thing, True) is bool(needing) and not self.stopping:
                self.logged[thing] = not needing
                log.warning(f"{thing} lost" if needing else f"{thing} back", failing=needing)
