"""Passwords: hashed with argon2id and compared, in threads, since one hash takes some 30 ms of the processor."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.execution.threads import in_thread
from contracts.auth.accounts.commands import ChangeEmail, ChangePassword, RegisterPatient, ResetPassword
from contracts.auth.mfa import EndMfa, RenewRecoveryCodes, StartMfa
from contracts.auth.sessions import LogIn
from services.auth import rules
from services.auth.accounts.credentials import Owner
from services.auth.sessions.logins import Candidate

HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
"""Argon2id with 19 MiB: the first choice of OWASP's Password Storage Cheat Sheet."""


def hash_new(_plan: Any, command: RegisterPatient) -> str:
    """The hash of a new password."""
    return in_thread(_hash_acceptable, command.password, command.name, command.email)


def hash_reset(plan: Mapping[str, str], command: ResetPassword) -> str:
    """The same for somebody whose name and address are in the plan: `{"user_id", "email", "name"}`."""
    return in_thread(_hash_acceptable, command.password, plan["name"], plan["email"])


def hash_changed(owner: Owner, command: ChangePassword) -> tuple[bool, str | None]:
    """Whether it is the present password, and the hash of the new one, if it is."""
    if not is_password(owner.candidate, command.current_password):
        return False, None
    return True, in_thread(_hash_acceptable, command.password, *owner.known)


def _hash_acceptable(password: str, name: str, email: str) -> str:
    rules.check_strength(password, (email, name))
    return hash_now(password)


def matches(candidate: Candidate, command: ChangeEmail | LogIn | StartMfa | RenewRecoveryCodes | EndMfa) -> bool:
    """Whether the command has the candidate's password."""
    return is_password(candidate, command.password)


def is_password(candidate: Candidate, password: str) -> bool:
    """Whether it is the candidate's password.

    Where nobody has the address, or the account has no password yet, it is not, and that takes as long.
    """
    return in_thread(_verify, candidate.password_hash, password)


def _verify(known: str | None, password: str) -> bool:
    nobodys = _hash_of_nobody()
    return is_hash_of(known or nobodys, password) and bool(known)


def is_hash_of(known: str, password: str) -> bool:
    """Whether a hash is that of a password, in the caller's own thread: 30 ms."""
    try:
        return HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


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
