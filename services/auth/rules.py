"""Pure rules of auth: addresses, digests, acceptable passwords, locks, complete requests for roles."""

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
"""The required zxcvbn score, of 0 to 4: withstands 10^8 guesses (Wheeler, USENIX Security 2016)."""
LOOKED_AT = 72
"""The number of characters that the estimate reads. Its cost grows with their square."""
MOST_READINGS = 32
"""The limit of substitutions of signs by letters that the estimate tries, such as `4` and `@` for `a`."""
DEMO_PASSWORD = "quiet-harbour-lantern-27"  # noqa: S105  for demo accounts
"""The documentation shows this password, so no account may choose it."""
FAILURES = 10
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)


def email_key(email: str) -> str:
    """The form of an address that is equal for all spellings of it."""
    return email.strip().casefold()


def network(address: str) -> str:
    """The network of a single customer: the whole IPv4 address, or 64 bits of IPv6. Other texts stay unchanged."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped else found.packed[:8].hex(":", 2) + "::/64"


def digest(secret: str) -> str:
    """The stored digest of a secret. Secrets of at least 112 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def encoded(secret: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def check_strength(password: str, known: Iterable[str]) -> None:
    """Refuse with `password_too_common` if an attacker who knows these facts, such as the name, soon guesses it."""
    words = {word.lower() for text in known for word in (text, *text.replace("@", " ").split())}
    if password == DEMO_PASSWORD or _score(password[:LOOKED_AT], sorted(words)) < MINIMUM_SCORE:
        raise PASSWORD_TOO_COMMON(errors={"password": ["Too easy to guess. Three or four unrelated words are better."]})


def _score(password: str, known: Sequence[str]) -> int:
    """The score of `zxcvbn.zxcvbn`. That function keeps known words in a global, which is not thread-safe."""
    words = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict(known)}
    found = scoring.most_guessable_match_sequence(password, matching.omnimatch(password, words))
    return int(time_estimates.guesses_to_score(found["guesses"]))


def _readable_as(password: str, table: dict[str, list[str]]) -> dict[str, list[str]]:
    """The signs of the password that may stand for letters, limited to `MOST_READINGS` combinations.

    zxcvbn searches words in each combination. 72 characters with all signs would take seconds; 32 combinations take a
    tenth of a second. Memorable passwords have fewer: `P4$$w0rd!1@` has four.
    """
    found: dict[str, list[str]] = _all_readable_as(password, table)
    while math.prod(len(signs) for signs in found.values()) > MOST_READINGS:
        letter = max(found, key=lambda letter: len(found[letter]))
        found[letter] = found[letter][:-1]
    return found


# This replaces the library's function, because its search for repetitions also calls it.
_all_readable_as = matching.relevant_l33t_subtable
matching.relevant_l33t_subtable = _readable_as


def locked_until(failures: Sequence[datetime]) -> datetime | None:
    """The end of the lock, from the times of the last failures in any order. None: there is no lock."""
    last = sorted(failures)[-FAILURES:]
    if len(last) < FAILURES or last[-1] - last[0] > WINDOW:
        return None
    return last[-1] + LOCK


def check_request(*, role: str, licence_number: str | None, specialization: str | None) -> None:
    """Refuse a request for the role doctor without licence or specialization, with an error for each field."""
    facts = {"licence_number": licence_number, "specialization": specialization}
    missing = [field for field, value in facts.items() if role == Role.DOCTOR and not (value or "").strip()]
    if missing:
        errors = {field: ["A doctor states it."] for field in missing}
        raise WRONG_FIELDS(errors=errors)


def check_reason(*, decision: str, reason: str | None) -> None:
    """Refuse with `reason_required` if a rejection has no reason."""
    if decision == "reject" and not (reason or "").strip():
        raise REASON_REQUIRED(errors={"reason": ["Required to reject."]})
