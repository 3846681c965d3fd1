"""Signing in: an address, its password, perhaps a code, and the count of failures that locks the address."""

import secrets
from datetime import timedelta
from typing import Any, NamedTuple
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
from contracts.auth.sessions import LOGIN_FAILED, MFA_TOKEN_NOT_VALID, LogIn, VerifyMfa
from services.auth import rules
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.logins import LoginFailure, OneTimeToken
from services.auth.sessions import commands as sessions
from services.auth.sessions import lockout

CODE_WITHIN = timedelta(minutes=5)
"""How long the second step of signing in may take."""
KEPT = timedelta(days=1)
"""How long a one-time secret is known after it has ended."""


class Candidate(NamedTuple):
    """Whose password is to be compared; nobody's where the address has no account, no hash where none counts."""

    user_id: UUID | None
    password_hash: str | None


def find(session: Session, _actor: Actor, command: LogIn) -> Candidate:
    """Whose password is to be compared."""
    key = rules.email_key(command.email)
    row = session.execute(select(Account.id, Account.password_hash).where(Account.email_key == key)).first()
    candidate = Candidate(row.id, row.password_hash or None) if row is not None else Candidate(None, None)
    lockout.check(session, lockout.count_of(session, key), candidate.user_id)
    return candidate


def log_in(
    session: Session,
    _actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the step before
    command: LogIn,
) -> dict[str, Any] | Refused:
    """Open a session, or ask for the code of a second factor, or count the failure.

    What follows a failure does not depend on whether the address has an account, so that the time tells nobody.
    """
    count = lockout.count_of(session, rules.email_key(command.email))
    lockout.guard(session, count, candidate.user_id)
    session.note(record_id=candidate.user_id)
    account = session.get(Account, candidate.user_id, with_for_update=True) if right else None
    if account is None or not _is_still(account, candidate):
        return lockout.failed(session, count, LOGIN_FAILED())
    if mfa.is_enabled(session, account.id):
        return _asked_for_code(session, account)
    lockout.forget(session, count)
    return sessions.begin(session, account)


def _is_still(account: Account, candidate: Candidate) -> bool:
    """Whether the password that was compared is the account's, which may have changed meanwhile."""
    return account.may_sign_in and account.password_hash == candidate.password_hash


def _asked_for_code(session: Session, account: Account) -> dict[str, Any]:
    """What leads to the second step. Failures still count: else a known password would allow endless guesses."""
    token, now = secrets.token_urlsafe(32), clock.now()
    kept = OneTimeToken(
        digest=rules.digest(token),
        user_id=account.id,
        purpose=mfa.PURPOSE,
        created_at=now,
        expires_at=now + CODE_WITHIN,
    )
    session.add(kept)
    return {"mfa_token": token, "expires_in": int(CODE_WITHIN.total_seconds())}


def give_code(session: Session, _actor: Actor, command: VerifyMfa) -> dict[str, Any] | Refused:
    """The second step: open a session for a code of the app, or for a recovery code, each of which works once."""
    waiting = (OneTimeToken.digest == rules.digest(command.mfa_token)) & (OneTimeToken.purpose == mfa.PURPOSE)
    user_id = session.scalar(select(OneTimeToken.user_id).where(waiting))
    if user_id is None:
        raise _not_valid(None)
    count = _count_of_account(session, user_id)
    account = _guarded(session, count, user_id)
    token = session.get(OneTimeToken, rules.digest(command.mfa_token), with_for_update=True)
    if token is None or token.used_at is not None or token.expires_at <= clock.now():
        raise _not_valid(user_id)
    session.note(record_id=account.id)
    if not account.may_sign_in or not mfa.take(session, account.id, command.code):
        return lockout.failed(session, count, LOGIN_FAILED("The code is wrong, or was used."))
    token.used_at = clock.now()
    lockout.forget(session, count)
    return sessions.begin(session, account)


def _count_of_account(session: Session, user_id: UUID) -> str:
    """Where a try to sign in to an account is counted: under its address, as the first step is."""
    key = session.scalar(select(Account.email_key).where(Account.id == user_id))
    return lockout.count_of(session, key or "")


def _not_valid(user_id: UUID | None) -> Unauthenticated:
    """The token is none, or counts no more; the audit learns whose it was."""
    refusal = MFA_TOKEN_NOT_VALID()
    refusal.noted = {"record_id": user_id} if user_id is not None else None
    return refusal


def own(session: Session, actor: Actor, _command: Command | None = None) -> Candidate:
    """Whose password a signed-in person must know: their own."""
    account = session.get(Account, actor.person)
    if account is None:
        raise TOKEN_INVALID()
    lockout.check(session, lockout.count_of_owner(account.id), account.id)
    return Candidate(account.id, account.password_hash or None)


def confirmed(session: Session, actor: Actor, candidate: Candidate, right: bool) -> Account | Refused:  # noqa: FBT001  the outcome of the step before
    """The account of a signed-in person who has shown that they know its password, locked; else the failure counts."""
    account = guarded(session, actor)
    session.note(record_id=account.id)
    if right and _is_still(account, candidate):
        return account
    return failed(session, account, PASSWORD_WRONG())


def guarded(session: Session, actor: Actor) -> Account:
    """One's own account, locked, to look at one's next try."""
    return _guarded(session, lockout.count_of_owner(actor.person), actor.person)


def _guarded(session: Session, count: str, user_id: UUID) -> Account:
    """An account, locked, when one more try may be looked at."""
    lockout.guard(session, count, user_id)
    account = session.get(Account, user_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise TOKEN_INVALID()
    return account


def failed(session: Session, account: Account, error: MatronError) -> Refused:
    """Count a failure of somebody who is signed in, and refuse."""
    return lockout.failed(session, lockout.count_of_owner(account.id), error)


def forget(session: Session, _actor: Actor) -> None:
    """Drop failures that no longer count, and one-time secrets a day after they were used or ended."""
    session.execute(delete(LoginFailure).where(LoginFailure.at < clock.now() - rules.WINDOW - rules.LOCK))
    ended = or_(OneTimeToken.used_at < clock.now() - KEPT, OneTimeToken.expires_at < clock.now() - KEPT)
    session.execute(delete(OneTimeToken).where(ended))
