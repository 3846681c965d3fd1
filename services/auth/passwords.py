"""Hash and compare passwords with argon2id. A hash takes about 30 ms of CPU, so it runs in a thread."""

from collections.abc import Iterable, Mapping
from functools import cache

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


def hash_new(_plan: Mapping[str, str], command: RegisterPatient) -> str:
    """Hash the password of a registration."""
    return in_thread(_hash_acceptable, command.password, command.name, command.email)


def hash_reset(plan: Mapping[str, str], command: ResetPassword) -> str:
    """Hash the password of a reset. The plan has the owner: `{"user_id", "email", "name"}`."""
    return in_thread(_hash_acceptable, command.password, plan["name"], plan["email"])


def hash_changed(owner: Owner, command: ChangePassword) -> tuple[bool, str | None]:
    """Whether the current password is right, and if it is, the hash of the new password."""
    if not is_password(owner.candidate, command.current_password):
        return False, None
    return True, in_thread(_hash_acceptable, command.password, *owner.known)


def _hash_acceptable(password: str, name: str, email: str) -> str:
    rules.check_strength(password, (email, name))
    return hash_now(password)


def matches(candidate: Candidate, command: ChangeEmail | LogIn | StartMfa | RenewRecoveryCodes | EndMfa) -> bool:
    """Whether the password in the command is the candidate's."""
    return is_password(candidate, command.password)


def is_password(candidate: Candidate, password: str) -> bool:
    """Whether the password is the candidate's.

    Without an account, or without a password yet, the answer is no and takes as long.
    """
    return in_thread(_verify, candidate.password_hash, password)


def _verify(known: str | None, password: str) -> bool:
    dummy = _dummy_hash()
    return is_hash_of(known or dummy, password) and bool(known)


def is_hash_of(known: str, password: str) -> bool:
    """Whether a hash belongs to a password. Runs in the caller's thread: 30 ms."""
    try:
        return HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _dummy_hash() -> str:
    """A hash to compare with when there is no account, so that the comparison takes the same time."""
    return hash_now("a password without an account")


def hash_now(password: str) -> str:
    """Hash a password that was already checked. Runs in the caller's thread: 30 ms."""
    return HASHER.hash(password)


def check_strength(password: str, known: Iterable[str]) -> None:
    """Refuse with `password_too_common`, as at registration. Runs in the caller's thread."""
    rules.check_strength(password, known)
