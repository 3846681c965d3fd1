"""Pure rules of patients: record numbers, names, and dates of birth and death."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chassis.errors import Invalid
from chassis.refusals import WRONG_FIELDS

LONGEST_LIFE = 130
"""Years. The longest confirmed life lasted 122 years."""
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
    """Return Damm's check digit of a row of digits. It is 0 for a row that ends with its own check digit."""
    interim = "0"
    for digit in digits:
        interim = DAMM[int(interim)][int(digit)]
    return interim


def mrn(number: int) -> str:
    """Format a medical record number: `M-0001234-` plus the check digit."""
    digits = f"{number:07}"
    return f"M-{digits}-{check_digit(digits)}"


def read_mrn(text: str) -> str:
    """Read a typed medical record number, and return its standard form. Refuses other texts."""
    found = mrn_in(text)
    if found is None:
        raise invalid_field("mrn", "Must be a valid record number.")
    return found


def mrn_in(text: str) -> str | None:
    """Return the standard form of a typed medical record number, or None for another text."""
    found = MRN.fullmatch(text.replace(" ", ""))
    return mrn(int(found[1])) if found is not None and check_digit(found[1]) == found[2] else None


def invalid_field(field: str, message: str) -> Invalid:
    """Return the refusal of one field."""
    return WRONG_FIELDS(errors={field: [message]})


def check_birth(birth_date: date, today: date) -> None:
    """Refuse a birth date in the future, or longer ago than the longest life."""
    if birth_date > today:
        raise invalid_field("birth_date", "Must not be in the future.")
    if (today.year - birth_date.year, today.month, today.day) > (LONGEST_LIFE, birth_date.month, birth_date.day):
        raise invalid_field("birth_date", "Must not be more than 130 years ago.")


def check_death(deceased_at: datetime, birth_date: date | None, now: datetime) -> None:
    """Refuse a death in the future, before the birth, or longer ago than the longest life.

    A death on the day before the birth date is accepted, because the two dates may come from different zones.
    """
    if deceased_at > now:
        raise invalid_field("deceased_at", "Must not be in the future.")
    first = now.date() - timedelta(days=LONGEST_LIFE * 366) if birth_date is None else birth_date
    if deceased_at.date() < first - timedelta(days=1):
        raise invalid_field("deceased_at", "Must not be before the birth date.")


@dataclass(frozen=True, slots=True)
class Name:
    """A name in parts, or, for a self-registered patient, as one `whole` text."""

    given_name: str | None
    family_name: str | None
    whole: str = ""

    @property
    def text(self) -> str:
        """Return the name as one text (FHIR HumanName.text)."""
        return self.whole or " ".join(part for part in (self.given_name, self.family_name) if part is not None)


def name_key(name: str) -> str:
    """Return a name without case, accents and apostrophes, in at most 200 characters: `zoe obrien` for `Zoë O'Brien`.

    Every other character that is neither letter nor digit separates words. A name without letters stays the same.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    kept = "".join(_kept(character) for character in plain)
    return (" ".join(kept.split()) or name.strip())[:200].rstrip()


def _kept(character: str) -> str:
    if unicodedata.combining(character) or character in "'\u2019\u02bc`":
        return ""
    return character if character.isalnum() or unicodedata.category(character).startswith("M") else " "


def words_of(name: str) -> set[str]:
    """Return the search words of a name."""
    return set(name_key(name).split())


def same_name(one: str, other: str) -> bool:
    """Return whether two names have the same words, in any order."""
    return words_of(one) == words_of(other)


def email_key(email: str) -> str:
    """Return an e-mail address without case, for comparison."""
    return email.strip().casefold()[:254]
