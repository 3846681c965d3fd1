"""Sessions: start, refresh, end.

A refresh token works once. Its successor is computed from the token and the session's secret. So a client that lost the
reply may retry within 10 seconds and gets the same successor, as do simultaneous requests. A used token that comes
later, or after its successor was used, counts as stolen: the session ends (RFC 9700, section 4.14).

An ended session issues no tokens, and `session_revoked` makes every process refuse its access tokens.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Page
from chassis.errors import Unauthenticated
from chassis.execution.run import Refused
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.auth.accounts.administration import NoteRefusal
from contracts.auth.events import SessionRevoked, SessionsEnded
from contracts.auth.outcomes import Outcome, StatusView
from contracts.auth.refusals import NO_SUCH_SESSION
from contracts.auth.sessions import (
    REFRESH_FAILED,
    EndSession,
    ListMySessions,
    ListRevokedSessions,
    LogOut,
    RefreshTokens,
    RevokedView,
    SessionView,
    TokensView,
)
from contracts.roles import Role
from services.auth import grants, rules
from services.auth.accounts import commands as accounts
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.logins import OneTimeToken
from services.auth.models.sessions import LoginSession, RefreshToken
from services.auth.sessions import keys
from tokens import AUDIENCE, ISSUER, Claims, sign

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=14)
SESSION_LIFE = timedelta(days=30)
"""The limit from the login, regardless of use (ASVS 5, 7.3.2)."""
REPLY_LOST = timedelta(seconds=10)
"""The time in which a used refresh token gets its successor again."""


def start(session: Session, account: Account) -> TokensView:
    """Start a session for an authenticated person, and return its tokens."""
    now = clock.now()
    login = LoginSession(
        id=uuid7(),
        user_id=account.id,
        secret=secrets.token_bytes(32),
        address=session.call.address,
        device=session.call.device,
        created_at=now,
        last_used_at=now,
    )
    session.add(login)
    session.flush()
    token = secrets.token_urlsafe(32)
    _issue(session, login, token)
    session.note(actor_id=account.id, record_id=account.id)
    return _tokens(session, account, login, token)


def _issue(session: Session, login: LoginSession, token: str) -> None:
    now, digest = clock.now(), rules.digest(token)
    ends = min(now + REFRESH_LIFE, login.created_at + SESSION_LIFE)
    session.add(RefreshToken(digest=digest, session_id=login.id, issued_at=now, expires_at=ends))


def refresh(session: Session, _actor: Actor, command: RefreshTokens) -> TokensView | Refused:
    """Exchange a refresh token for new tokens."""
    login = _session_of(session, command.refresh_token)
    account = session.get(Account, login.user_id)
    token = session.get(RefreshToken, rules.digest(command.refresh_token))
    if account is None or token is None or not account.may_sign_in or token.expires_at <= clock.now():
        raise _refresh_failed(login.user_id)
    session.note(actor_id=account.id, record_id=account.id)
    successor = login.successor_of(command.refresh_token)
    if token.used_at is None:
        token.used_at = login.last_used_at = clock.now()
        _issue(session, login, successor)
    elif not _reply_was_lost(session, token, successor):
        end(session, [login])
        return Refused(_refresh_failed(account.id))
    return _tokens(session, account, login, successor)


def _session_of(session: Session, refresh_token: str) -> LoginSession:
    """The session of a refresh token, locked, so that concurrent requests of a family wait for each other."""
    query = (
        select(LoginSession)
        .join(RefreshToken)
        .where(RefreshToken.digest == rules.digest(refresh_token), LoginSession.ended_at.is_(None))
    )
    login = session.scalars(query.with_for_update(of=LoginSession)).one_or_none()
    if login is None:
        raise _refresh_failed(_owner_of_any(session, refresh_token))
    return login


def _owner_of_any(session: Session, refresh_token: str) -> UUID | None:
    """The owner of a token, also if its session has ended."""
    query = select(LoginSession.user_id).join(RefreshToken).where(RefreshToken.digest == rules.digest(refresh_token))
    return session.scalar(query)


def _reply_was_lost(session: Session, token: RefreshToken, successor: str) -> bool:
    """Whether a used token may be a client's retry: it came soon, and its successor is unused."""
    assert token.used_at is not None  # noqa: S101  for the type checker: the caller has checked
    following = session.get(RefreshToken, rules.digest(successor))
    soon = clock.now() - token.used_at <= REPLY_LOST
    return soon and following is not None and following.used_at is None


def _refresh_failed(user_id: UUID | None) -> Unauthenticated:
    refusal = REFRESH_FAILED()
    refusal.noted = {"record_id": user_id} if user_id is not None else None
    return refusal


def _tokens(session: Session, account: Account, login: LoginSession, refresh_token: str) -> TokensView:
    roles = grants.roles_of(session, account.id)
    mfa_due = mfa.is_due(session, account.id, roles)
    return TokensView(
        access_token=_access_token(account, roles, login, mfa_due=mfa_due),
        refresh_token=refresh_token,
        expires_in=int(ACCESS_LIFE.total_seconds()),
        token_type="Bearer",  # noqa: S106  the type, no secret
        mfa_setup_required=mfa_due,
        user=accounts.user_view(account, roles),
    )


def _access_token(account: Account, roles: list[Role], login: LoginSession, *, mfa_due: bool) -> str:
    now = int(clock.now().timestamp())
    claims: Claims = {
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
    return sign(key, key_id, claims | {"mfa_due": True} if mfa_due else claims)


def log_out(session: Session, actor: Actor, command: LogOut) -> StatusView:
    """End the session of the caller, or all of them."""
    if command.all:
        end_all(session, actor.person)
    else:
        _end_where(session, (LoginSession.user_id == actor.person) & (LoginSession.id == actor.session_id))
    session.note(record_id=actor.person)
    return StatusView(status=Outcome.SIGNED_OUT)


def end_own(session: Session, actor: Actor, command: EndSession) -> StatusView:
    """End a session of the caller."""
    ended = _end_where(session, (LoginSession.user_id == actor.person) & (LoginSession.id == command.session_id))
    if not ended:
        raise NO_SUCH_SESSION()
    session.note(record_id=command.session_id)
    return StatusView(status=Outcome.SIGNED_OUT)


def end_all(session: Session, user_id: UUID, *, but: UUID | None = None) -> None:
    """End all sessions of a person, except `but`, and all pending second steps of login.

    `sessions_ended` is published in any case, so that calendar links end even without a session.
    """
    _end_where(session, (LoginSession.user_id == user_id) & (LoginSession.id != (but or UUID(int=0))))
    half_way = (OneTimeToken.user_id == user_id) & (OneTimeToken.purpose == mfa.PURPOSE)
    session.execute(update(OneTimeToken).where(half_way, OneTimeToken.used_at.is_(None)).values(used_at=clock.now()))
    session.publish(SessionsEnded(user_id=user_id))


def _end_where(session: Session, which: ColumnElement[bool]) -> bool:
    query = select(LoginSession).where(which, LoginSession.ended_at.is_(None)).order_by(LoginSession.id)
    found = list(session.scalars(query.with_for_update()))
    end(session, found)
    return bool(found)


def end(session: Session, logins: Iterable[LoginSession]) -> None:
    """End sessions: their refresh tokens at once, their access tokens when a process receives the event."""
    now = clock.now()
    for login in logins:
        login.ended_at = now
        session.publish(SessionRevoked(session_id=login.id, user_id=login.user_id, ends_at=now + ACCESS_LIFE))


def list_own(session: Session, actor: Actor, query: ListMySessions) -> Page:
    """The caller's sessions with a valid refresh token, newest first."""
    used = func.coalesce(LoginSession.last_used_at, LoginSession.created_at)
    lived = (used > clock.now() - REFRESH_LIFE) & (LoginSession.created_at > clock.now() - SESSION_LIFE)
    statement = select(LoginSession).where(LoginSession.user_id == actor.person, LoginSession.ended_at.is_(None), lived)
    found = page(
        session,
        statement,
        (LoginSession.created_at, LoginSession.id),
        limit=query.limit,
        cursor=query.cursor,
        whole=True,
    )
    return Page([_session_view(login, actor) for login in found.items], found.next)


def _session_view(login: LoginSession, actor: Actor) -> SessionView:
    return SessionView(
        id=login.id,
        device=login.device,
        address=login.address,
        created_at=login.created_at,
        last_used_at=login.last_used_at or login.created_at,
        current=login.id == actor.session_id,
    )


def list_revoked(session: Session, _actor: Actor, query: ListRevokedSessions) -> RevokedView:
    """Ended sessions whose access tokens may be unexpired: `{"items": [{"session_id", "ends_at"}]}`."""
    earliest = clock.now() - ACCESS_LIFE
    after = earliest if query.since is None else max(query.since, earliest)
    statement = select(LoginSession.id, LoginSession.ended_at).where(LoginSession.ended_at > after)
    rows = session.execute(statement)
    ended = [{"session_id": row.id, "ends_at": row.ended_at + ACCESS_LIFE} for row in rows if row.ended_at]
    return RevokedView(items=ended)


def note_refusal(session: Session, _actor: Actor, command: NoteRefusal) -> StatusView:
    """Record in the audit that the gateway refused an action because the caller lacks a role."""
    session.note(action=command.action, record_id=command.record_id, allowed=False)
    return StatusView(status=Outcome.NOTED)


def delete_expired(session: Session, _actor: Actor) -> None:
    """Delete expired refresh tokens, and old sessions without a token."""
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at < clock.now()))
    has_some = exists().where(RefreshToken.session_id == LoginSession.id)
    session.execute(delete(LoginSession).where(LoginSession.created_at < clock.now() - REFRESH_LIFE, ~has_some))
