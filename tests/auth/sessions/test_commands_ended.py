"""The end of all sessions of a person is published, and repeated on each request."""

from collections.abc import Callable
from typing import Any

import pytest

from chassis.call import Call
from chassis.persistence.database import Database, Session
from contracts.auth.accounts.administration import ResetMfa, UpdateUser
from contracts.auth.events import SessionsEnded
from contracts.auth.mfa import ConfirmMfa, EndMfa
from contracts.auth.sessions import LogOut
from services.auth.accounts import administration
from services.auth.mfa import enrolment
from services.auth.models.accounts import Account
from services.auth.service import AuthService
from services.auth.sessions import commands as sessions
from services.auth.sessions import logins
from tests.auth.admins import SOMEBODY, assign, erase
from tests.auth.calls import outcome
from tests.auth.credentials import change, reset
from tests.auth.factories import (
    PASSWORD,
    Host,
    acting,
    asked,
    enrolled,
    log_in,
    new_account,
    new_email,
    said,
    started,
)


def _confirm(session: Session, account: Account) -> None:
    code = started(session, account).code(0)
    enrolment.confirm(session, acting(account), ConfirmMfa(code=code))


def _end_factor(session: Session, account: Account) -> None:
    enrolled(session, account)
    actor, right = acting(account), True
    enrolment.end(session, actor, logins.own_candidate(session, actor), right, EndMfa(password=PASSWORD))


def _reset_factor(session: Session, account: Account) -> None:
    enrolled(session, account)
    administration.reset_mfa(session, SOMEBODY, ResetMfa(user_id=account.id))


ENDINGS: dict[str, Callable[[Session, Account], Any]] = {
    "signing out everywhere": lambda session, account: sessions.log_out(session, acting(account), LogOut(all=True)),
    "a factor confirmed": _confirm,
    "a factor ended": _end_factor,
    "a factor taken away": _reset_factor,
    "a lost password": lambda session, account: reset(session, asked(session, account.email)),
    "a new password": lambda session, account: change(session, acting(account)),
    "deactivation": lambda session, account: administration.update(
        session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated")
    ),
    "a lost role": lambda session, account: assign(session, account, "patient"),
    "erasure": erase,
}


@pytest.mark.parametrize("what", ENDINGS)
def test_end_of_all_sessions_is_published(session: Session, what: str) -> None:
    account = new_account(session, roles=["patient", "nurse"])
    ENDINGS[what](session, account)
    assert said(session, SessionsEnded) == [{"user_id": account.id}]


def test_end_of_a_single_session_is_not_published_as_all(session: Session) -> None:
    account = new_account(session)
    log_in(session, account.email)
    here = sessions.start(session, account)
    sessions.log_out(session, acting(account), LogOut(all=False))
    assert (said(session, SessionsEnded), bool(here.access_token)) == ([], True)


def test_logout_everywhere_with_the_same_key_is_repeated(
    database: Database,
) -> None:
    with database.begin() as session:
        email, key = new_account(session).email, new_email()
    for _ in range(2):
        here, thief = (AuthService.log_in(Host(database), email=email, password=PASSWORD) for _ in range(2))
        AuthService.log_out(Host(database, call=Call(token=here["access_token"], key=key)), all=True)
        refresh = lambda: AuthService.refresh_tokens(Host(database), refresh_token=thief["refresh_token"])  # noqa: B023, E731
        assert outcome(refresh) == "refresh_failed"
