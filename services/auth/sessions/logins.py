"""Login: address and password, a code if the account has a second factor, and the count of failures."""

import secrets
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, or_, select

from chassis import clock
from chassis.contract import Command
from chassis.errors import MatronError, Unauthenticated
from chassis.execution.run import Refused
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.refusals import TOKEN_INVALID
from contracts.auth.refusals import PASSWORD_WRONG
from contracts.auth.sessions import LOGIN_FAILED, MFA_TOKEN_NOT_VALID, LogIn, SecondStepView, TokensView, VerifyMfa
from services.auth import rules
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.logins import LoginFailure, OneTimeToken
from services.auth.sessions import commands as sessions
from services.auth.sessions import lockout

CODE_WITHIN = timedelta(minutes=5)
"""The time limit of the second step."""
KEPT = timedelta(days=1)
"""The time that a one-time secret stays in the table after it expired."""


class Candidate(NamedTuple):
    """The account whose password is compared. Both fields are None without an account, the hash without a password."""

    user_id: UUID | None
    password_hash: str | None


def find_candidate(session: Session, _actor: Actor, command: LogIn) -> Candidate:
    """Find the account of the address. Refused while the address is locked."""
    key = rules.email_key(command.email)
    row = session.execute(select(Account.id, Account.password_hash).where(Account.email_key == key)).first()
    candidate = Candidate(row.id, row.password_hash or None) if row is not None else Candidate(None, None)
    lockout.check(session, lockout.counter_of(session, key), candidate.user_id)
    return candidate


def log_in(
    session: Session,
    _actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the previous step
    command: LogIn,
) -> TokensView | SecondStepView | Refused:
    """Start a session, or request the code of a second factor, or count the failure.

    The work after a failure is the same with or without an account, so that the time reveals nothing.
    """
    count = lockout.counter_of(session, rules.email_key(command.email))
    lockout.guard(session, count, candidate.user_id)
    session.note(record_id=candidate.user_id)
    account = session.get(Account, candidate.user_id, with_for_update=True) if right else None
    if account is None or not _is_unchanged(account, candidate):
        return lockout.count_failure(session, count, LOGIN_FAILED())
    if mfa.is_enabled(session, account.id):
        return _second_step(session, account)
    lockout.reset(session, count)
    return sessions.start(session, account)


def _is_unchanged(account: Account, candidate: Candidate) -> bool:
    """Whether the compared password is still the account's."""
    return account.may_sign_in and account.password_hash == candidate.password_hash


def _second_step(session: Session, account: Account) -> SecondStepView:
    """Create the token of the second step. Failures stay counted: a known password must not allow endless guesses."""
    token, now = secrets.token_urlsafe(32), clock.now()
    kept = OneTimeToken(
        digest=rules.digest(token),
        user_id=account.id,
        purpose=mfa.PURPOSE,
        created_at=now,
        expires_at=now + CODE_WITHIN,
    )
    session.add(kept)
    return SecondStepView(mfa_token=token, expires_in=int(CODE_WITHIN.total_seconds()))


def verify_code(session: Session, _actor: Actor, command: VerifyMfa) -> TokensView | Refused:
    """The second step: start a session for a code of the app or a recovery code."""
    waiting = (OneTimeToken.digest == rules.digest(command.mfa_token)) & (OneTimeToken.purpose == mfa.PURPOSE)
    user_id = session.scalar(select(OneTimeToken.user_id).where(waiting))
    if user_id is None:
        raise _not_valid(None)
    count = _counter_of_account(session, user_id)
    account = _lock_account(session, count, user_id)
    token = session.get(OneTimeToken, rules.digest(command.mfa_token), with_for_update=True)
    if token is None or token.used_at is not None or token.expires_at <= clock.now():
        raise _not_valid(user_id)
    session.note(record_id=account.id)
    if not account.may_sign_in or not mfa.use(session, account.id, command.code):
        return lockout.count_failure(session, count, LOGIN_FAILED("The code is wrong or was used."))
    token.used_at = clock.now()
    lockout.reset(session, count)
    return sessions.start(session, account)


def _counter_of_account(session: Session, user_id: UUID) -> str:
    """The counter of the account's address, as in the first step."""
    key = session.scalar(select(Account.email_key).where(Account.id == user_id))
    return lockout.counter_of(session, key or "")


def _not_valid(user_id: UUID | None) -> Unauthenticated:
    """The refusal of an unknown or expired token. Only the audit names the owner."""
    refusal = MFA_TOKEN_NOT_VALID()
    refusal.noted = {"record_id": user_id} if user_id is not None else None
    return refusal


def own_candidate(session: Session, actor: Actor, _command: Command | None = None) -> Candidate:
    """The caller's own account as the candidate. Refused while the caller is locked."""
    account = session.get(Account, actor.person)
    if account is None:
        raise TOKEN_INVALID()
    lockout.check(session, lockout.counter_of_owner(account.id), account.id)
    return Candidate(account.id, account.password_hash or None)


def check_password(session: Session, actor: Actor, candidate: Candidate, right: bool) -> Account | Refused:  # noqa: FBT001  the outcome of the previous step
    """The caller's account, locked, if the password was right. Otherwise count the failure."""
    account = lock_own_account(session, actor)
    session.note(record_id=account.id)
    if right and _is_unchanged(account, candidate):
        return account
    return count_failure(session, account, PASSWORD_WRONG())


def lock_own_account(session: Session, actor: Actor) -> Account:
    """The caller's account, locked for an attempt. Refused while the caller is locked out."""
    return _lock_account(session, lockout.counter_of_owner(actor.person), actor.person)


def _lock_account(session: Session, count: str, user_id: UUID) -> Account:
    """An account, locked for an attempt on this counter."""
    lockout.guard(session, count, user_id)
    account = session.get(Account, user_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise TOKEN_INVALID()
    return account


def count_failure(session: Session, account: Account, error: MatronError) -> Refused:
    """Count a failure of a signed-in person, and refuse."""
    return lockout.count_failure(session, lockout.counter_of_owner(account.id), error)


def delete_old(session: Session, _actor: Actor) -> None:
    """Delete old failures, and one-time secrets a day after they were used or expired."""
    session.execute(delete(LoginFailure).where(LoginFailure.at < clock.now() - rules.WINDOW - rules.LOCK))
    ended = or_(OneTimeToken.used_at < clock.now() - KEPT, OneTimeToken.expires_at < clock.now() - KEPT)
    session.execute(delete(OneTimeToken).where(ended))
