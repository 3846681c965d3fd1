"""The format of times, and the delays between attempts to send a mail."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.notify import rules


def test_delays_start_at_a_minute_and_double() -> None:
    delays = [rules.next_delay(attempts) for attempts in (1, 2, 3, 4)]
    assert delays == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]


def test_attempts_end_within_a_day() -> None:
    delays = [delay for attempts in range(1, 100) if (delay := rules.next_delay(attempts)) is not None]
    assert len(delays) == 10
    assert sum(delays, timedelta()) <= timedelta(hours=24)


def test_time_is_formatted_on_the_clock_of_the_zone() -> None:
    moment = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert rules.in_words(moment, ZoneInfo("Europe/Berlin")) == "Tuesday 24 November 2026, 00:30"
