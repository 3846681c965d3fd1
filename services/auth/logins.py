"""Signing in: an address, its password, perhaps a code, and the count of failures that locks the address."""

import math
import secrets
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, or_, select

from chassis import clock
from chassis.database import Session
from chassis.errors import Forbidden, MatronError, TooMany, Unauthenticated
from chassis.execution import Refused
from chassis.identity import Actor
from services.auth import mfa, rules, sessions
from services.auth.models import Account, LoginFailure, OneTimeToken

CODE_WITHIN = timedelta(minutes=5)
"""How long the second step of signing in may take."""
KEPT = timedelta(days=1)
"""How long a one-time secret is known after it has ended."""


class Candidate(NamedTuple):
    """Whose password is to be compared; nobody's where the address has no account, no hash where none counts."""

    user_id: UUID | None
    password_hash: str | None


def find(session: Session, _actor: Actor, *, email: str, password: str) -> Candidate:  # noqa: ARG001
    """Whose password is to be compared. TooMany: `locked`, with `retry_after`, for unknown addresses too."""
    key = rules.email_key(email)
    _check_unlocked(session, rules.digest(key))
    row = session.execute(select(Account.id, Account.password_hash).where(Account.email_key == key)).first()
    return Candidate(row.id, row.password_hash or None) if row is not None else Candidate(None, None)


def log_in(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the step before
    *,
    email: str,
) -> dict[str, Any] | Refused:
    """Open a session, or ask for the code of a second factor, or count the failure.

    What follows a failure does not depend on whether the address has an account, so that the time tells nobody.
    Refused: `login_failed`. TooMany: `locked`, even for the right password.
    """
    who = rules.digest(rules.email_key(email))
    _guard(session, who)
    session.note(record_id=candidate.user_id)
    account = session.get(Account, candidate.user_id, with_for_update=True) if right else None
    if account is None or not _is_still(account, candidate):
        return _failed(session, who, Unauthenticated("login_failed", "The address or the password is wrong."))
    if mfa.is_enabled(session, account.id):
        return _asked_for_code(session, account)
    return _begin(session, actor, account)


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


def _begin(session: Session, actor: Actor, account: Account) -> dict[str, Any]:
    """Forget the failures, and sign the person in."""
    session.execute(delete(LoginFailure).where(LoginFailure.email_digest == rules.digest(account.email_key)))
    return sessions.begin(session, actor, account)


def give_code(session: Session, actor: Actor, *, mfa_token: str, code: str) -> dict[str, Any] | Refused:
    """The second step: open a session for a code of the app, or for a recovery code, each of which works once.

    Refused: `login_failed`. Unauthenticated: `mfa_token_not_valid`. TooMany: `locked`.
    """
    waiting = (OneTimeToken.digest == rules.digest(mfa_token)) & (OneTimeToken.purpose == mfa.PURPOSE)
    user_id = session.scalar(select(OneTimeToken.user_id).where(waiting))
    account = guarded(session, user_id) if user_id is not None else None
    token = session.get(OneTimeToken, rules.digest(mfa_token), with_for_update=True)
    if account is None or token is None or token.used_at is not None or token.expires_at <= clock.now():
        raise Unauthenticated("mfa_token_not_valid", "The sign-in took too long, or is done: begin again.")
    session.note(record_id=account.id)
    if not account.may_sign_in or not mfa.take(session, account.id, code):
        return failed(session, account, Unauthenticated("login_failed", "The code is wrong, or was used."))
    token.used_at = clock.now()
    return _begin(session, actor, account)


def own(session: Session, actor: Actor, **_fields: Any) -> Candidate:
    """Whose password a signed-in person must know: his own. TooMany: `locked`. Unauthenticated: `token_invalid`."""
    account = session.get(Account, actor.person)
    if account is None:
        raise _gone()
    _check_unlocked(session, rules.digest(account.email_key))
    return Candidate(account.id, account.password_hash or None)


def confirmed(session: Session, actor: Actor, candidate: Candidate, right: bool) -> Account | Refused:  # noqa: FBT001
    """The account of a signed-in person who has shown that he knows its password, locked; else the failure counts.

    Refused: `password_wrong`. TooMany: `locked`. Unauthenticated: `token_invalid`.
    """
    account = guarded(session, actor.person)
    session.note(record_id=account.id)
    if right and _is_still(account, candidate):
        return account
    return failed(session, account, Forbidden("password_wrong", "That is not your present password."))


def guarded(session: Session, user_id: UUID) -> Account:
    """An account, locked, whose owner's next try is looked at. TooMany: `locked`. Unauthenticated: `token_invalid`."""
    key = session.scalar(select(Account.email_key).where(Account.id == user_id))
    _guard(session, rules.digest(key or ""))
    account = session.get(Account, user_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise _gone()
    return account


def _gone() -> Unauthenticated:
    return Unauthenticated("token_invalid", "The access token is not valid.")


def failed(session: Session, account: Account, error: MatronError) -> Refused:
    """Count a failure under the address of an account, and refuse."""
    return _failed(session, rules.digest(account.email_key), error)


def _failed(session: Session, who: str, error: MatronError) -> Refused:
    """Count a failure under the digest of an address, whether it has an account or not."""
    session.add(LoginFailure(email_digest=who, at=clock.now()))
    return Refused(error)


def _guard(session: Session, who: str) -> None:
    """Let one try at a time be looked at for an address. TooMany: `locked`."""
    session.lock(int(who[:15], 16))
    _check_unlocked(session, who)


def _check_unlocked(session: Session, who: str) -> None:
    query = select(LoginFailure.at).where(LoginFailure.email_digest == who).order_by(LoginFailure.at.desc())
    until, now = rules.locked_until(session.scalars(query.limit(rules.FAILURES)).all()), clock.now()
    if until is not None and until > now:
        wait = math.ceil((until - now).total_seconds())
        raise TooMany("locked", "Too many failed tries. Wait, or reset the password.", {"retry_after": wait})


def forget(session: Session, _actor: Actor) -> None:
    """Drop failures that no longer count, and one-time secrets a day after they were used or ended."""
    session.execute(delete(LoginFailure).where(LoginFailure.at < clock.now() - rules.WINDOW - rules.LOCK))
    ended = or_(OneTimeToken.used_at < clock.now() - KEPT, OneTimeToken.expires_at < clock.now() - KEPT)
    session.execute(delete(OneTimeToken).where(ended))
