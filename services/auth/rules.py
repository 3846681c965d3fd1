"""Pure rules of auth: addresses, digests, acceptable passwords, locks, what a request for a role must say."""

import base64
import hashlib
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from zxcvbn import matching, scoring, time_estimates

from chassis.refusals import WRONG_FIELDS
from contracts.auth.accounts.commands import PASSWORD_TOO_COMMON
from contracts.refusals import REASON_REQUIRED
from contracts.roles import Role

MINIMUM_SCORE = 3
"""Of 0 to 4, as zxcvbn counts: withstands 10^8 guesses (Wheeler, USENIX Security 2016)."""
LOOKED_AT = 72
"""Characters of a password that are estimated; the estimate's cost grows with the square."""
MOST_READINGS = 32
"""Ways of reading digits and signs as letters that are tried, such as `4` and `@` as an `a`."""
DEMO_PASSWORD = "quiet-harbour-lantern-27"  # noqa: S105  of people who do not exist
"""It stands in our documents, so everybody may try it: nobody may choose it."""
FAILURES = 10
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)


def email_key(email: str) -> str:
    """What two ways of writing one address have in common."""
    return email.strip().casefold()


def network(address: str) -> str:
    """What of a network address is one customer's: all of IPv4, 64 bits of IPv6. What is no address stays as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped else found.packed[:8].hex(":", 2) + "::/64"


def digest(secret: str) -> str:
    """What is kept of a secret with 256 bits of its own: nobody finds the secret from it, so it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def encoded(secret: bytes) -> str:
    """Bytes as text for URLs, without padding."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def check_strength(password: str, known: Iterable[str]) -> None:
    """Invalid `password_too_common` when somebody who knows these facts, such as name and address, guesses it soon."""
    words = {word.lower() for text in known for word in (text, *text.replace("@", " ").split())}
    if password == DEMO_PASSWORD or _score(password[:LOOKED_AT], sorted(words)) < MINIMUM_SCORE:
        raise PASSWORD_TOO_COMMON(errors={"password": ["Too easy to guess. Three or four unrelated words are better."]})


def _score(password: str, known: Sequence[str]) -> int:
    """The score of `zxcvbn.zxcvbn`, which keeps the known words in a global that two threads would overwrite."""
    words = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict(known)}
    found = scoring.most_guessable_match_sequence(password, matching.omnimatch(password, words))
    return int(time_estimates.guesses_to_score(found["guesses"]))


def _readable_as(password: str, table: dict[str, list[str]]) -> dict[str, list[str]]:
    """The signs of the password that may stand for letters: all of them, unless they make too many readings.

    zxcvbn looks for words in each reading, so that 72 characters with all signs in them would take seconds; 32 readings
    take a tenth of one. Passwords that people remember have fewer: `P4$$w0rd!1@` has four.
    """
    found: dict[str, list[str]] = _all_readable_as(password, table)
    while math.prod(len(signs) for signs in found.values()) > MOST_READINGS:
        letter = max(found, key=lambda letter: len(found[letter]))
        found[letter] = found[letter][:-1]
    return found


# The library's own function is replaced, since its search for repetitions calls it too.
_all_readable_as = matching.relevant_l33t_subtable
matching.relevant_l33t_subtable = _readable_as


def locked_until(failures: Sequence[datetime]) -> datetime | None:
    """When an address may be tried again, from the times of its last failures in any order; None when it may."""
    last = sorted(failures)[-FAILURES:]
    if len(last) < FAILURES or last[-1] - last[0] > WINDOW:
        return None
    return last[-1] + LOCK


def check_request(*, role: str, licence_number: str | None, specialization: str | None) -> None:
    """Invalid, field by field, when a would-be doctor leaves out licence or specialization."""
    said = {"licence_number": licence_number, "specialization": specialization}
    missing = [field for field, value in said.items() if role == Role.DOCTOR and not (value or "").strip()]
    if missing:
        errors = {field: ["A doctor states it."] for field in missing}
        raise WRONG_FIELDS(errors=errors)


def check_reason(*, decision: str, reason: str | None) -> None:
    """Invalid `reason_required` when a request is rejected without saying why."""
    if decision == "reject" and not (reason or "").strip():
        raise REASON_REQUIRED(errors={"reason": ["Required to reject."]})
