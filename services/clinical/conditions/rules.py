"""Pure rules of conditions."""

import re
from datetime import date

from chassis.errors import Invalid
from chassis.refusals import WRONG_FIELDS
from contracts.clinical.conditions import ConditionStatus

PREGNANCY = re.compile(r"O[0-9][0-9A]|Z33|Z34|Z35|Z3A", re.IGNORECASE)
"""ICD-10: chapter XV (O00-O99, in the US until O9A), Z33 pregnant state, Z34 and Z35 supervision of pregnancy, and
Z3A weeks of gestation (US)."""


def means_pregnancy(code: str | None) -> bool:
    """Return whether a code of ICD-10 stands for a pregnancy, a birth or the weeks after it."""
    return code is not None and PREGNANCY.match(code) is not None


def check_dates(status: str, onset_on: date | None, resolved_on: date | None, today: date) -> None:
    """Refuse dates in the future, an end before the onset, and an end without the state `resolved`."""
    if onset_on is not None and onset_on > today:
        raise _wrong("onset_on", "Must not be in the future.")
    if resolved_on is None:
        return
    if status != ConditionStatus.RESOLVED:
        raise _wrong("resolved_on", "Only a resolved condition has this date.")
    if resolved_on > today:
        raise _wrong("resolved_on", "Must not be in the future.")
    if onset_on is not None and resolved_on < onset_on:
        raise _wrong("resolved_on", "Must not be before the onset.")


def _wrong(field: str, message: str) -> Invalid:
    return WRONG_FIELDS(errors={field: [message]})
