"""Pure rules of notify: the format of times, and the delays between attempts to send a mail."""

from datetime import date, datetime, timedelta, tzinfo

FIRST_DELAY = timedelta(minutes=1)
LONGEST = timedelta(hours=24)
"""The sum of all delays of a mail at most."""
REFUSED = "refused"
"""The error of a mail that its server refuses permanently (RFC 5321, section 4.2.1: replies of 500 and more)."""


def next_delay(attempts: int) -> timedelta | None:
    """Return the delay after this number of failed attempts: 1, 2, 4 ... minutes; None after a day."""
    waits, waits_in_all = 2 ** (attempts - 1), 2**attempts - 1
    return FIRST_DELAY * waits if waits_in_all <= LONGEST // FIRST_DELAY else None


def day_in_words(day: date) -> str:
    """Format a date: `Monday 23 November 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def in_words(moment: datetime, zone: tzinfo) -> str:
    """Format a time in a zone: `Monday 23 November 2026, 10:00`."""
    local = moment.astimezone(zone)
    return f"{day_in_words(local)}, {local:%H:%M}"
