"""Pure rules of the laboratory."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from contracts.clinical.labs.states import LabPriority, LabStatus

STEPS = (
    LabStatus.REJECTED,
    LabStatus.ORDERED,
    LabStatus.COLLECTED,
    LabStatus.RECEIVED,
    LabStatus.RESULTED,
    LabStatus.VERIFIED,
    LabStatus.CANCELLED,
)
"""The states from the least to the most advanced. A rejected specimen needs attention first."""
OPEN = STEPS[:-2]
"""The states that wait for the laboratory."""
URGENCY = {LabPriority.STAT: 0, LabPriority.URGENT: 1, LabPriority.ROUTINE: 2}
"""The order of priorities in the work list."""


def status_of(tests: Iterable[LabStatus]) -> LabStatus:
    """Return the state of an order: that of its least advanced test. Cancelled tests count only if all are."""
    return min(tests, key=STEPS.index)


def suits(specimen: str, needed: str) -> bool:
    """Return whether a specimen is what a test needs: `serum` suits a test that needs `serum or plasma`."""
    wanted = needed.casefold()
    return specimen.strip().casefold() in {wanted, *wanted.split(" or ")}


def accession(number: int) -> str:
    """Format the number of a specimen, as its label shows it."""
    return f"L-{number:08}"


def age_in_days(birth_date: date | None, at: datetime, zone: ZoneInfo) -> int | None:
    """Return the age on the hospital's calendar day; None without a birth date, 0 on the day before it."""
    return None if birth_date is None else max((at.astimezone(zone).date() - birth_date).days, 0)
