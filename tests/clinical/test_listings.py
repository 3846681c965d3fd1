"""Windows of lists, by days and moments."""

from datetime import UTC, date, datetime

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Invalid
from contracts.clinical.vitals import ListVitals
from services.clinical.listings import window_of

DAY = date(2026, 11, 23)
MOMENT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def asked(from_: date | None = None, to: date | None = None) -> ListVitals:
    """Return a query for a part of a list."""
    return ListVitals(patient_id=uuid7(), limit=20, cursor=None, order="desc", from_=from_, to=to)


def test_whole_day_of_the_hospital_belongs_to_its_window() -> None:
    window = window_of(asked(DAY, DAY))
    assert (window.from_, window.to) == (
        datetime(2026, 11, 22, 11, tzinfo=UTC),
        datetime(2026, 11, 23, 11, tzinfo=UTC),
    )


def test_moments_are_the_ends_of_the_window() -> None:
    window = window_of(asked(MOMENT, MOMENT))
    assert (window.from_, window.to) == (MOMENT, MOMENT)


def test_window_without_ends_is_open() -> None:
    window = window_of(asked())
    assert (window.from_, window.to) == (None, None)


def test_end_before_the_start_is_refused() -> None:
    with pytest.raises(Invalid):
        window_of(asked(DAY, date(2026, 11, 21)))
