"""Pure rules of the ladder: which step follows when."""

from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.clinical.critical_alerts import CriticalStep

AFTER = {
    CriticalStep.ORDERING_DOCTOR: timedelta(0),
    CriticalStep.TREATING_DOCTORS: timedelta(minutes=15),
    CriticalStep.ADMINS: timedelta(minutes=30),
}
"""The time of each step after the alert, in order."""
FIRST = CriticalStep.ORDERING_DOCTOR


class Planned(NamedTuple):
    """A step and its time."""

    step: CriticalStep
    at: datetime


def following(step: CriticalStep, raised_at: datetime) -> Planned | None:
    """Return the step after this one, or None at the end of the ladder."""
    steps = list(AFTER)
    place = steps.index(step) + 1
    return Planned(steps[place], raised_at + AFTER[steps[place]]) if place < len(steps) else None
