"""Passwords: hashed with argon2id and compared, in threads, since one hash takes some 30 ms of the processor."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.threads import in_thread
from services.auth import rules
from services.auth.sessions import Candidate

HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
"""Argon2id with 19 MiB: the first choice of OWASP's Password Storage Cheat Sheet."""


def hash_new(_plan: Any, *, password: str, name: str, email: str) -> str:
    """The hash of a new password. Invalid: `password_too_common`. Unavailable: `busy`."""
    return in_thread(_hash_acceptable, password, name, email)


def _hash_acceptable(password: str, name: str, email: str) -> str:
    rules.check_strength(password, (email, name))
    return hash_now(password)


def matches(candidate: Candidate, *, password: str) -> bool:
    """Whether it is the candidate's password. Where nobody has the address it takes as long. Unavailable: `busy`."""
    return in_thread(_verify, candidate.password_hash, password)


def _verify(known: str | None, password: str) -> bool:
    nobodys = _hash_of_nobody()
    try:
        HASHER.verify(known or nobodys, password)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


@cache
def _hash_of_nobody() -> str:
    """A hash to compare with where there is no account, so that this takes the same time."""
    return hash_now("nobody's password")


def hash_now(password: str) -> str:
    """The hash of a password that is good enough already, in the caller's own thread: 30 ms."""
    return HASHER.hash(password)


def check_strength(password: str, known: Iterable[str]) -> None:
    """Invalid `password_too_common`, as when registering; in the caller's own thread."""
    rules.check_strength(password, known)
