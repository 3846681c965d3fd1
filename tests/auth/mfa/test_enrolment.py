"""Enrolment and removal of a second factor."""

from collections import Counter
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.call import Call
from chassis.contract import Command
from chassis.errors import Conflict, Forbidden, Invalid, TooMany
from chassis.execution.run import Refused
from chassis.identity import Actor, check_right
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import audit
from contracts.auth.events import CredentialsChanged, SessionRevoked
from contracts.auth.mfa import ConfirmMfa, EndMfa, RecoveryCodesView, StartMfa
from contracts.auth.sessions import RefreshTokens, TokensView
from services.auth.mfa import codes as mfa
from services.auth.mfa import enrolment
from services.auth.models.accounts import Account
from services.auth.models.mfa import RecoveryCode
from services.auth.service import AuthService
from services.auth.sessions import commands as sessions
from services.auth.sessions import logins
from tests.auth.credentials import start
from tests.auth.factories import (
    PASSWORD,
    App,
    Clock,
    Host,
    acting,
    actor_of,
    enrolled,
    log_in,
    log_in_with,
    new_account,
    own_failures_of,
    require_mfa,
    said,
    started,
    together,
)


def end(session: Session, actor: Actor, *, right: bool = True) -> Any:
    """Remove the second factor."""
    return enrolment.end(session, actor, logins.own_candidate(session, actor), right, EndMfa(password=PASSWORD))


def signed_in(session: Session) -> tuple[Account, Actor, TokensView]:
    """An account, its owner as an actor, and the tokens of a login."""
    account = new_account(session)
    tokens = log_in(session, account.email)
    return account, actor_of(tokens), tokens


def test_secret_is_shown_as_text_uri_and_picture(session: Session) -> None:
    account = new_account(session)
    shown = start(session, acting(account))
    uri = urlsplit(shown.otpauth_uri)
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", f"/Matron:{account.email}")
    assert parse_qs(uri.query) == {"secret": [shown.secret], "issuer": ["Matron"]}
    assert shown.qr_code.startswith("data:image/svg+xml")


def test_enrolment_is_refused_with_a_wrong_password(session: Session) -> None:
    account = new_account(session)
    refused = start(session, acting(account), right=False)
    assert isinstance(refused, Refused)
    assert (type(refused.error), refused.error.code) == (Forbidden, "password_wrong")


def test_unconfirmed_secret_does_not_change_the_login(session: Session) -> None:
    account = new_account(session)
    started(session, account)
    assert log_in(session, account.email).access_token


@pytest.mark.usefixtures("clock")
def test_second_secret_replaces_an_unconfirmed_secret(session: Session) -> None:
    account = new_account(session)
    first, second = started(session, account), started(session, account)
    assert isinstance(enrolment.confirm(session, acting(account), ConfirmMfa(code=first.code(0))), Refused)
    shown = enrolment.confirm(session, acting(account), ConfirmMfa(code=second.code(0)))
    assert isinstance(shown, RecoveryCodesView)


def test_confirmed_secret_is_not_replaced_without_a_code(session: Session) -> None:
    account = new_account(session)
    enrolled(session, account)
    with pytest.raises(Conflict) as refusal:
        start(session, acting(account))
    assert refusal.value.code == "mfa_enabled"


@pytest.mark.parametrize("contract", [StartMfa, ConfirmMfa])
def test_enrolment_is_refused_with_an_unverified_address(contract: type[Command]) -> None:
    with pytest.raises(Forbidden) as refusal:
        check_right(Actor(id=uuid7(), roles=frozenset({"patient"})), contract)
    assert refusal.value.code == "address_not_verified"
    assert "refresh" in refusal.value.detail, "who has just verified has a token from before"


def test_confirmation_shows_ten_recovery_codes_and_mails_the_owner(session: Session) -> None:
    account = new_account(session)
    app = started(session, account)
    shown = enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code(0)))
    assert isinstance(shown, RecoveryCodesView)
    assert len(shown.recovery_codes) == 10
    told = {"user_id": account.id, "email": account.email, "name": account.name, "what": "mfa_enabled"}
    assert said(session, CredentialsChanged) == [told]


def test_confirmation_is_refused_without_a_secret(session: Session) -> None:
    with pytest.raises(Conflict) as refusal:
        enrolment.confirm(session, acting(new_account(session)), ConfirmMfa(code="123456"))
    assert refusal.value.code == "mfa_not_started"


def test_confirmation_is_refused_when_repeated(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    with pytest.raises(Conflict) as refusal:
        enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code()))
    assert refusal.value.code == "mfa_enabled"


@pytest.mark.usefixtures("clock")
def test_confirmation_is_refused_with_a_wrong_code(session: Session) -> None:
    account = new_account(session)
    app = started(session, account)
    session.noted.clear()
    refused = enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code(2)))
    assert isinstance(refused, Refused)
    assert session.noted == {"record_id": account.id}
    assert (type(refused.error), refused.error.code) == (Invalid, "code_wrong")
    assert not mfa.is_enabled(session, account.id)


@pytest.mark.usefixtures("clock")
def test_ten_wrong_codes_lock_the_account(session: Session) -> None:
    account = new_account(session)
    app = started(session, account)
    for _ in range(10):
        assert isinstance(enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code(2))), Refused)
    with pytest.raises(TooMany) as refusal:
        enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code(0)))
    assert refusal.value.code == "locked"


def test_confirmation_ends_all_other_sessions(session: Session) -> None:
    account, actor, tokens = signed_in(session)
    other = actor_of(log_in(session, account.email)).session_id
    app = started(session, account)
    enrolment.confirm(session, actor, ConfirmMfa(code=app.code(0)))
    assert [ended["session_id"] for ended in said(session, SessionRevoked)] == [other]
    again: Any = sessions.refresh(session, actor, RefreshTokens(refresh_token=tokens.refresh_token))
    assert isinstance(again, TokensView)


def test_refresh_after_confirmation_requires_no_setup(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    require_mfa(monkeypatch, "patient")
    account, actor, tokens = signed_in(session)
    app = started(session, account)
    enrolment.confirm(session, actor, ConfirmMfa(code=app.code(0)))
    again: Any = sessions.refresh(session, actor, RefreshTokens(refresh_token=tokens.refresh_token))
    assert (tokens.mfa_setup_required, actor.mfa_due) == (True, True)
    assert (again.mfa_setup_required, actor_of(again).mfa_due) == (False, False)


def test_login_after_removal_requires_only_the_password(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    assert end(session, acting(account)).status == "disabled"
    assert log_in(session, account.email).access_token
    assert not mfa.use(session, account.id, app.recovery_codes[0])
    assert [told["what"] for told in said(session, CredentialsChanged)] == ["mfa_disabled"]


def test_removal_of_the_factor_ends_all_other_sessions(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    own, other = (actor_of(log_in_with(session, account, code)) for code in app.recovery_codes[:2])
    end(session, own)
    assert [ended["session_id"] for ended in said(session, SessionRevoked)] == [other.session_id]


def test_removal_is_refused_with_a_wrong_password(session: Session) -> None:
    account = new_account(session)
    enrolled(session, account)
    assert isinstance(end(session, acting(account), right=False), Refused)
    assert mfa.is_enabled(session, account.id)


def test_removal_is_refused_without_a_factor(session: Session) -> None:
    account = new_account(session)
    started(session, account)
    with pytest.raises(Conflict) as refusal:
        end(session, acting(account))
    assert refusal.value.code == "mfa_not_enabled"


def test_removal_is_refused_when_a_role_requires_the_factor(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    account = new_account(session, roles=["patient", "nurse"])
    enrolled(session, account)
    require_mfa(monkeypatch, "admin", "nurse")
    with pytest.raises(Conflict) as refusal:
        end(session, acting(account))
    assert (refusal.value.code, refusal.value.noted) == ("mfa_required", {"record_id": account.id})


def test_locked_account_is_refused_even_with_the_right_password(session: Session, clock: Clock) -> None:
    account = new_account(session)
    candidate, right = logins.own_candidate(session, acting(account)), True
    for _ in range(10):
        start(session, acting(account), right=False)
    with pytest.raises(TooMany):
        logins.own_candidate(session, acting(account))
    with pytest.raises(TooMany):
        enrolment.start(session, acting(account), candidate, right, StartMfa(password=PASSWORD))
    clock.advance(minutes=15)
    assert start(session, acting(account)).secret


def test_second_factor_is_set_up_used_and_removed_by_a_client(database: Database) -> None:
    with database.begin() as session:
        email = new_account(session).email
    own = Call(token=AuthService.log_in(Host(database), email=email, password=PASSWORD)["access_token"])
    app = App(AuthService.start_mfa(Host(database, call=own), password=PASSWORD)["secret"], [])
    [first, *_others] = AuthService.confirm_mfa(Host(database, call=own), code=app.code(0))["recovery_codes"]
    mfa_token = AuthService.log_in(Host(database), email=email, password=PASSWORD)["mfa_token"]
    tokens = AuthService.verify_mfa(Host(database), mfa_token=mfa_token, code=first)
    again = Call(token=tokens["access_token"])
    assert AuthService.get_me(Host(database, call=again))["mfa_enabled"]
    assert AuthService.end_mfa(Host(database, call=again), password=PASSWORD) == {"status": "disabled"}
    assert not AuthService.get_me(Host(database, call=again))["mfa_enabled"]


def test_wrong_password_of_a_signed_in_person_is_counted_and_audited_once(database: Database) -> None:
    with database.begin() as session:
        account = new_account(session)
    own = Call(token=AuthService.log_in(Host(database), email=account.email, password=PASSWORD)["access_token"])
    with pytest.raises(Forbidden):
        AuthService.start_mfa(Host(database, call=own), password="not the password")
    with database.read() as session:
        assert own_failures_of(session, account) == 1
        done = select(audit.c.allowed, audit.c.record_id).where(
            audit.c.actor_id == account.id, audit.c.action == "start_mfa"
        )
        assert session.execute(done).all() == [(False, account.id)]


def test_concurrent_confirmations_give_recovery_codes_once(database: Database) -> None:
    with database.begin() as session:
        account = new_account(session)
    own = Call(token=AuthService.log_in(Host(database), email=account.email, password=PASSWORD)["access_token"])
    app = App(AuthService.start_mfa(Host(database, call=own), password=PASSWORD)["secret"], [])
    confirm = lambda: AuthService.confirm_mfa(Host(database, call=own), code=app.code(0))  # noqa: E731
    assert Counter(together(*[confirm] * 5)) == {"done": 1, "mfa_enabled": 4}
    with database.read() as session:
        assert session.query(RecoveryCode).where(RecoveryCode.user_id == account.id).count() == 10
