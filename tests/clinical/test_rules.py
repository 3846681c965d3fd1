"""When the doctor of a visit treats the patient."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.clinical.rules import AFTER_VISIT, care_of_visit

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HALF_PAST = NINE + timedelta(minutes=30)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the zone follows


def test_care_lasts_from_the_start_of_the_visit_until_thirty_days_after_its_end() -> None:
    assert care_of_visit(NINE, HALF_PAST) == (NINE, HALF_PAST + timedelta(days=30))


def test_meeting_within_the_agreed_time_changes_nothing() -> None:
    assert care_of_visit(NINE, HALF_PAST, NINE + timedelta(minutes=5)) == care_of_visit(NINE, HALF_PAST)


def test_meeting_early_opens_the_chart_early() -> None:
    assert care_of_visit(NINE, HALF_PAST, NINE - timedelta(days=1)).from_ == NINE - timedelta(days=1)


def test_meeting_late_keeps_the_chart_open_longer() -> None:
    late = HALF_PAST + timedelta(days=2)
    assert care_of_visit(NINE, HALF_PAST, late).until == late + AFTER_VISIT


@given(MOMENTS, st.timedeltas(timedelta(minutes=5), timedelta(hours=8)), MOMENTS)
def test_meeting_never_narrows_what_was_agreed(starts_at: datetime, length: timedelta, met_at: datetime) -> None:
    agreed, met = care_of_visit(starts_at, starts_at + length), care_of_visit(starts_at, starts_at + length, met_at)
    assert met.from_ <= min(agreed.from_, met_at)
    assert met.until >= max(agreed.until, met_at)
