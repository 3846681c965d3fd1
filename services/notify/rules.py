"""How notify words times, and when it tries a mail again: nothing but arguments and results."""

from datetime import datetime, timedelta, tzinfo

FIRST_DELAY = timedelta(minutes=1)
LONGEST = timedelta(hours=24)
"""How long a mail is tried for, waits added up."""
REFUSED = "refused"
"""What a mail has failed with that its server refuses for good (RFC 5321, section 4.2.1: replies of 500 and more)."""


def next_delay(attempts: int) -> timedelta | None:
    """How long to wait after so many failed tries: 1, 2, 4 ... minutes; None when that is more than a day in all."""
    waits, waits_in_all = 2 ** (attempts - 1), 2**attempts - 1
    return FIRST_DELAY * waits if waits_in_all <= LONGEST // FIRST_DELAY else None


def in_words(moment: datetime, zone: tzinfo) -> str:
    """A moment on the hospital's clock: `Monday 23 November 2026, 10:00`."""
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M}"
