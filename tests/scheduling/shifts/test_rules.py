"""The rule of sixty hours in seven days, compared with a model that tries every window."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.shifts.rules import WEEK, Work, most_in_a_week

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

works = st.builds(
    lambda start, length: Work(NOON + start * HOUR, NOON + (start + length) * HOUR),
    st.integers(-14 * 24, 14 * 24),
    st.integers(1, 16),
)


def most_by_trying_each_window(work: Work, others: list[Work]) -> timedelta:
    """The most hours in 7 days that overlap the shift, by trying each full hour as the start."""
    hours = [0] * (40 * 24)
    origin = NOON - 20 * 24 * HOUR
    for each in (work, *others):
        first = (each.starts_at - origin) // HOUR
        for hour in range(first, first + (each.ends_at - each.starts_at) // HOUR):
            hours[hour] += 1
    first, last = (work.starts_at - WEEK - origin) // HOUR, (work.ends_at - origin) // HOUR
    return max(sum(hours[start : start + 7 * 24]) for start in range(max(first, 0), last + 1)) * HOUR


@given(starts=st.integers(-48, 48), length=st.integers(1, 16), others=st.lists(works, max_size=12))
def test_fullest_week_matches_a_model_that_tries_each_window(starts: int, length: int, others: list[Work]) -> None:
    work = Work(NOON + starts * HOUR, NOON + (starts + length) * HOUR)
    assert most_in_a_week(work, others) == most_by_trying_each_window(work, others)


@given(st.lists(works, max_size=8), st.randoms())
def test_fullest_week_is_the_same_for_shifts_in_any_order(others: list[Work], random: object) -> None:
    work, shuffled = Work(NOON, NOON + 8 * HOUR), list(others)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert most_in_a_week(work, others) == most_in_a_week(work, shuffled)


@pytest.mark.parametrize(("days", "hours"), [(6, 20), (7, 10), (8, 10)])
def test_shifts_seven_days_apart_do_not_count_together(days: int, hours: int) -> None:
    work, other = (Work(NOON + day * WEEK / 7, NOON + day * WEEK / 7 + 10 * HOUR) for day in (0, days))
    assert most_in_a_week(work, [other]) == hours * HOUR


def test_shift_at_the_border_of_the_week_counts_in_part() -> None:
    work, other = Work(NOON, NOON + 10 * HOUR), Work(NOON + WEEK - 4 * HOUR, NOON + WEEK + 6 * HOUR)
    assert most_in_a_week(work, [other]) == 14 * HOUR
