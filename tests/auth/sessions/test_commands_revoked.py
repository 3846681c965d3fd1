"""The list of ended sessions with unexpired access tokens, for gateways."""

from datetime import datetime, timedelta
from uuid import UUID

from chassis.identity import NOBODY
from chassis.persistence.database import Session
from contracts.auth.events import SessionRevoked
from contracts.auth.sessions import ListRevokedSessions, LogOut
from services.auth.sessions import commands as sessions
from tests.auth.devices import begun
from tests.auth.factories import Clock, new_account, said


def revoked(session: Session, since: datetime | None = None) -> dict[UUID, datetime]:
    """The listed ended sessions, with the expiry of their last access token."""
    return {
        one["session_id"]: one["ends_at"]
        for one in sessions.list_revoked(session, NOBODY, ListRevokedSessions(since=since)).items
    }


def test_ended_session_is_listed_until_its_access_tokens_expire(session: Session, clock: Clock) -> None:
    account = new_account(session)
    gone, here = begun(session, account), begun(session, account)
    sessions.log_out(session, gone, LogOut(all=False))
    told = said(session, SessionRevoked)[-1]
    assert revoked(session).get(told["session_id"]) == told["ends_at"]
    assert here.session_id not in revoked(session)
    clock.advance(minutes=15)
    assert gone.session_id not in revoked(session)


def test_ended_sessions_are_listed_since_a_time(session: Session, clock: Clock) -> None:
    account = new_account(session)
    early, late = begun(session, account), begun(session, account)
    sessions.log_out(session, early, LogOut(all=False))
    clock.advance(minutes=2)
    since = clock.now() - timedelta(minutes=1)
    sessions.log_out(session, late, LogOut(all=False))
    told = revoked(session, since)
    assert (late.session_id in told, early.session_id in told) == (True, False)
