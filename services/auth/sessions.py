"""Sessions: signing in, staying signed in, signing out.

A refresh token works once. Its successor is computed from it and the session's secret, so a client whose reply was lost
may ask again for 10 seconds and gets the same successor, and twenty requests at once get one. A used token that comes
later, or when its successor has been used, is taken for stolen: the whole session ends (RFC 9700, section 4.14).
"""

import math
import secrets
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.database import Session
from chassis.errors import TooMany, Unauthenticated
from chassis.execution import Refused
from chassis.identity import AUDIENCE, ISSUER, Actor, sign
from services.auth import accounts, grants, keys, rules
from services.auth.models import Account, LoginFailure, LoginSession, RefreshToken

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=14)
REPLY_LOST = timedelta(seconds=10)
"""How long a used refresh token gets its successor again."""


class Candidate(NamedTuple):
    """Whose password is to be compared; nobody's where the address has no account."""

    user_id: UUID | None
    password_hash: str | None


def find(session: Session, _actor: Actor, *, email: str, password: str) -> Candidate:  # noqa: ARG001
    """Whose password is to be compared. TooMany: `locked`, with `retry_after`, for unknown addresses too."""
    key = rules.email_key(email)
    _check_unlocked(session, rules.digest(key))
    row = session.execute(select(Account.id, Account.password_hash).where(Account.email_key == key)).first()
    return Candidate(*row) if row is not None else Candidate(None, None)


def log_in(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the step before
    *,
    email: str,
) -> dict[str, Any] | Refused:
    """Open a session, or count the failure. Refused: `login_failed`. TooMany: `locked`, even for the right password."""
    who = rules.digest(rules.email_key(email))
    _lock(session, who)
    _check_unlocked(session, who)
    account = session.get(Account, candidate.user_id) if candidate.user_id is not None else None
    if account is None or not right or not account.may_sign_in:
        session.add(LoginFailure(email_digest=who, at=clock.now()))
        return Refused(Unauthenticated("login_failed", "The address or the password is wrong."))
    session.execute(delete(LoginFailure).where(LoginFailure.email_digest == who))
    return _open(session, actor, account)


def _lock(session: Session, who: str) -> None:
    """Wait for others who try this address. On SQLite the transaction is the only writer anyway."""
    if session.is_postgresql:
        session.execute(select(func.pg_advisory_xact_lock(int(who[:15], 16))))


def _check_unlocked(session: Session, who: str) -> None:
    query = select(LoginFailure.at).where(LoginFailure.email_digest == who).order_by(LoginFailure.at.desc())
    until, now = rules.locked_until(session.scalars(query.limit(rules.FAILURES)).all()), clock.now()
    if until is not None and until > now:
        wait = math.ceil((until - now).total_seconds())
        raise TooMany("locked", "Too many failed tries. Wait, or reset the password.", {"retry_after": wait})


def _open(session: Session, actor: Actor, account: Account) -> dict[str, Any]:
    login = LoginSession(
        id=uuid7(),
        user_id=account.id,
        secret=secrets.token_bytes(32),
        address=actor.address,
        created_at=clock.now(),
    )
    session.add(login)
    session.flush()
    token = secrets.token_urlsafe(32)
    _issue(session, login, token)
    return _tokens(session, account, login, token)


def _issue(session: Session, login: LoginSession, token: str) -> None:
    now = clock.now()
    kept = RefreshToken(digest=rules.digest(token), session_id=login.id, issued_at=now, expires_at=now + REFRESH_LIFE)
    session.add(kept)


def refresh(session: Session, _actor: Actor, *, refresh_token: str) -> dict[str, Any] | Refused:
    """New tokens for a refresh token, once. Unauthenticated: `refresh_failed`; one that was used ends the session."""
    login = _session_of(session, refresh_token)
    account = session.get(Account, login.user_id)
    token = session.get(RefreshToken, rules.digest(refresh_token))
    if account is None or token is None or not account.may_sign_in or token.expires_at <= clock.now():
        raise _refresh_failed()
    successor = login.successor_of(refresh_token)
    if token.used_at is None:
        token.used_at = clock.now()
        _issue(session, login, successor)
    elif not _reply_was_lost(session, token, successor):
        login.end(clock.now())
        return Refused(_refresh_failed())
    return _tokens(session, account, login, successor)


def _session_of(session: Session, refresh_token: str) -> LoginSession:
    """The session of a refresh token, locked, so that one token of a family is looked at at a time."""
    query = (
        select(LoginSession)
        .join(RefreshToken)
        .where(RefreshToken.digest == rules.digest(refresh_token), LoginSession.ended_at.is_(None))
    )
    login = session.scalars(query.with_for_update(of=LoginSession)).one_or_none()
    if login is None:
        raise _refresh_failed()
    return login


def _reply_was_lost(session: Session, token: RefreshToken, successor: str) -> bool:
    """Whether a used token may be a client's second try: it came soon, and nobody has used the successor."""
    assert token.used_at is not None  # noqa: S101  for the type checker: the caller has looked
    following = session.get(RefreshToken, rules.digest(successor))
    soon = clock.now() - token.used_at <= REPLY_LOST
    return soon and following is not None and following.used_at is None


def _refresh_failed() -> Unauthenticated:
    return Unauthenticated("refresh_failed", "Sign in again.")


def _tokens(session: Session, account: Account, login: LoginSession, refresh_token: str) -> dict[str, Any]:
    roles = grants.roles_of(session, account.id)
    return {
        "access_token": _access_token(account, roles, login),
        "refresh_token": refresh_token,
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "token_type": "Bearer",
        "user": accounts.described(account, roles),
    }


def _access_token(account: Account, roles: list[str], login: LoginSession) -> str:
    now = int(clock.now().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(account.id),
        "sid": str(login.id),
        "jti": str(uuid7()),
        "iat": now,
        "exp": now + int(ACCESS_LIFE.total_seconds()),
        "roles": roles,
        "verified": account.is_verified,
    }
    key_id, key = keys.newest(config.current().signing_keys)
    return sign(key, key_id, claims)


def log_out(session: Session, actor: Actor) -> dict[str, str]:
    """End this session. One that has ended already stays so."""
    login = session.get(LoginSession, actor.session_id, with_for_update=True) if actor.session_id else None
    if login is not None and login.user_id == actor.person:
        login.end(clock.now())
    return {"status": "signed_out"}


def forget(session: Session, _actor: Actor) -> None:
    """Drop what no longer counts: old failures, and refresh tokens that have expired."""
    now = clock.now()
    session.execute(delete(LoginFailure).where(LoginFailure.at < now - rules.WINDOW - rules.LOCK))
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
