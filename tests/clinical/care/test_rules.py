"""The period in which the doctor of a visit treats the patient."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.clinical.care.rules import AFTER_VISIT, care_of_visit

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HALF_PAST = NINE + timedelta(minutes=30)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the zone follows


def test_care_lasts_until_thirty_days_after_the_visit() -> None:
    assert care_of_visit(NINE, HALF_PAST) == (NINE, HALF_PAST + timedelta(days=30))


def test_care_does_not_change_when_they_meet_on_time() -> None:
    assert care_of_visit(NINE, HALF_PAST, NINE + timedelta(minutes=5)) == care_of_visit(NINE, HALF_PAST)


@pytest.mark.parametrize("early", [timedelta(seconds=1), timedelta(days=1), timedelta(days=178)])
def test_care_lasts_for_thirty_days_when_they_meet_early(early: timedelta) -> None:
    met_at = NINE - early
    assert care_of_visit(NINE, HALF_PAST, met_at) == (met_at, met_at + timedelta(days=30))


def test_care_lasts_longer_when_they_meet_late() -> None:
    late = HALF_PAST + timedelta(days=2)
    assert care_of_visit(NINE, HALF_PAST, late) == (NINE, late + AFTER_VISIT)


@given(MOMENTS, st.timedeltas(timedelta(minutes=5), timedelta(hours=8)), MOMENTS)
def test_care_holds_for_thirty_days_after_any_meeting(starts_at: datetime, length: timedelta, met_at: datetime) -> None:
    met = care_of_visit(starts_at, starts_at + length, met_at)
    assert met.from_ <= met_at < met_at + AFTER_VISIT <= met.until


@given(MOMENTS, st.timedeltas(timedelta(minutes=5), timedelta(hours=8)), MOMENTS)
def test_care_is_never_shorter_when_they_do_not_meet_early(
    starts_at: datetime, length: timedelta, met_at: datetime
) -> None:
    assume(met_at >= starts_at)
    agreed, met = care_of_visit(starts_at, starts_at + length), care_of_visit(starts_at, starts_at + length, met_at)
    assert (met.from_, met.until) == (agreed.from_, max(agreed.until, met_at + AFTER_VISIT))
