"""Rules of the chart that need nothing but their arguments."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chassis.errors import Invalid
from chassis.refusals import WRONG_FIELDS

AFTER_VISIT = timedelta(days=30)
"""How long after a visit its doctor still treats the patient: for results, and for questions afterwards."""


class Period(NamedTuple):
    """A span of time: from its first moment on, and until the first one after it."""

    from_: datetime
    until: datetime


def care_of_visit(starts_at: datetime, ends_at: datetime, met_at: datetime | None = None) -> Period:
    """When the doctor of a visit treats the patient: from its start until 30 days after its end.

    When they met before the time agreed, that alone counts: 30 days from then, however far ahead the time was. When
    they met after it, until 30 days after they did.
    """
    if met_at is not None and met_at < starts_at:
        return Period(met_at, met_at + AFTER_VISIT)
    return Period(starts_at, max(ends_at, met_at or ends_at) + AFTER_VISIT)


def no_care(ended_at: datetime) -> Period:
    """The shortest time there is, which is over at that moment: that of a visit that was called off."""
    return Period(ended_at - timedelta(microseconds=1), ended_at)


LONGEST_LIFE = 130
"""Years. The longest that is known for certain was 122."""
MRN = re.compile(r"M?-?([0-9]{1,18})-?([0-9])", re.ASCII | re.IGNORECASE)
DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
"""H. M. Damm, Total anti-symmetrische Quasigruppen, 2004: notices each wrong digit, and each two that are swapped."""


def check_digit(digits: str) -> str:
    """Damm's check digit of a row of digits; that of a row which ends with its own check digit is 0."""
    interim = "0"
    for digit in digits:
        interim = DAMM[int(interim)][int(digit)]
    return interim


def mrn(number: int) -> str:
    """The medical record number of a count: `M-0001234-` and the check digit."""
    digits = f"{number:07}"
    return f"M-{digits}-{check_digit(digits)}"


def read_mrn(text: str) -> str:
    """A medical record number as somebody has typed it, in its one form."""
    found = MRN.fullmatch(text.replace(" ", ""))
    if found is None or check_digit(found[1]) != found[2]:
        raise wrong("mrn", "Must be a valid record number.")
    return mrn(int(found[1]))


def wrong(field: str, message: str) -> Invalid:
    """What is said of a field that only a rule of ours refuses."""
    return WRONG_FIELDS(errors={field: [message]})


def check_birth(birth_date: date, today: date) -> None:
    """Refuse a birth date in the future, or longer ago than the longest life."""
    if birth_date > today:
        raise wrong("birth_date", "Must not be in the future.")
    if (today.year - birth_date.year, today.month, today.day) > (LONGEST_LIFE, birth_date.month, birth_date.day):
        raise wrong("birth_date", "Must not be more than 130 years ago.")


def check_death(deceased_at: datetime, birth_date: date | None, now: datetime) -> None:
    """Refuse a death in the future, before the birth, or longer ago than the longest life.

    A day before the birth date is let through, since the two dates come in different zones.
    """
    if deceased_at > now:
        raise wrong("deceased_at", "Must not be in the future.")
    first = now.date() - timedelta(days=LONGEST_LIFE * 366) if birth_date is None else birth_date
    if deceased_at.date() < first - timedelta(days=1):
        raise wrong("deceased_at", "Must not be before the birth date.")


def full_name(given_name: str | None, family_name: str) -> str:
    """The parts of a name as one text (FHIR HumanName.text)."""
    return family_name if given_name is None else f"{given_name} {family_name}"


def name_key(name: str) -> str:
    """A name without case, accents and apostrophes, in at most 200 characters: `Zoë O'Brien` is `zoe obrien`.

    Whatever else is neither letter nor digit parts words. A name of nothing but signs is left as it is.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    kept = "".join(_kept(character) for character in plain)
    return (" ".join(kept.split()) or name.strip())[:200].rstrip()


def _kept(character: str) -> str:
    if unicodedata.combining(character) or character in "'\u2019\u02bc`":
        return ""
    return character if character.isalnum() or unicodedata.category(character).startswith("M") else " "


def words_of(name: str) -> set[str]:
    """The words of a name as they are searched by."""
    return set(name_key(name).split())


def same_name(one: str, other: str) -> bool:
    """Whether two people may be one by their names, whichever part comes first."""
    return words_of(one) == words_of(other)


def email_key(email: str) -> str:
    """What two ways of writing one address have in common."""
    return email.strip().casefold()[:254]
