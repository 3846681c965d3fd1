"""Passwords: lost ones and known ones, changed by their owners."""

from typing import Any

import pytest
from sqlalchemy import select

from chassis.call import Call
from chassis.errors import Forbidden, Invalid, TooMany
from chassis.execution.run import Refused
from chassis.identity import NOBODY
from chassis.persistence import tables
from chassis.persistence.database import Database, Session
from contracts.auth.accounts.commands import ChangePassword, ResetPassword, VerifyEmail
from contracts.auth.events import CredentialsChanged, SessionRevoked, UserVerified
from services.auth import passwords
from services.auth.accounts import commands as accounts
from services.auth.accounts import credentials
from services.auth.models.accounts import Account
from services.auth.models.sessions import LoginSession
from services.auth.service import AuthService
from tests.auth.calls import at_once
from tests.auth.credentials import NEW, change, gets_in, move, reset
from tests.auth.factories import (
    PASSWORD,
    Host,
    acting,
    asked,
    code_of,
    fail_to_log_in,
    invited,
    log_in,
    new_account,
    new_email,
    registered,
    said,
    token_of,
)


def sessions_of(session: Session, account: Account) -> list[LoginSession]:
    """Where the person is signed in, oldest first."""
    mine = select(LoginSession).where(LoginSession.user_id == account.id)
    return list(session.scalars(mine.order_by(LoginSession.id)))


def test_a_lost_password_is_set_with_the_mailed_token(session: Session) -> None:
    account = new_account(session)
    assert reset(session, asked(session, account.email)) == {"status": "password_set"}
    assert not gets_in(session, account.email, PASSWORD)
    assert gets_in(session, account.email, NEW)


def test_a_token_sets_a_password_once(session: Session) -> None:
    token = asked(session, new_account(session).email)
    reset(session, token)
    with pytest.raises(Invalid) as refusal:
        reset(session, token)
    assert refusal.value.code == "token_not_valid"


def test_a_token_that_was_used_meanwhile_sets_nothing(session: Session) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    command = ResetPassword(token=token, password=NEW)
    plan = credentials.prepare_reset(session, NOBODY, command)
    reset(session, token)
    with pytest.raises(Invalid):
        credentials.reset(session, NOBODY, plan, "another hash", command)


def test_a_weak_password_leaves_the_token_as_it_was(session: Session) -> None:
    token = asked(session, new_account(session).email)
    with pytest.raises(Invalid) as refusal:
        reset(session, token, "password12345")
    assert refusal.value.code == "password_too_common"
    assert reset(session, token) == {"status": "password_set"}


def test_the_name_and_the_address_of_the_account_make_no_password(session: Session) -> None:
    account = new_account(session, name="Xanthippe Wojciechowska")
    for guess in ("xanthippewojciechowska", account.email):
        with pytest.raises(Invalid):
            reset(session, asked(session, account.email), guess)


def test_a_new_password_ends_every_session(session: Session) -> None:
    account = new_account(session)
    for _ in range(2):
        log_in(session, account.email)
    reset(session, asked(session, account.email))
    assert [one["user_id"] for one in said(session, SessionRevoked)] == [account.id] * 2


def test_the_owner_of_a_locked_account_gets_in_with_a_new_password_at_once(session: Session) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, times=10)
    with pytest.raises(TooMany):
        log_in(session, account.email)
    reset(session, asked(session, account.email))
    assert gets_in(session, account.email, NEW)


def test_setting_a_password_shows_the_address_to_be_ones_own(session: Session) -> None:
    account = registered(session, new_email())
    reset(session, asked(session, account.email))
    assert account.status == "active"
    assert said(session, UserVerified) == [{"user_id": account.id}]


def test_a_new_password_ends_what_else_is_open(session: Session) -> None:
    account = new_account(session)
    move(session, account, new_email())
    elsewhere = token_of(session)
    reset(session, asked(session, account.email))
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=elsewhere))


@pytest.mark.parametrize("status", ["deactivated", "erased"])
def test_no_password_is_set_where_none_counts(session: Session, status: str) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    account.status = status
    with pytest.raises(Invalid) as refusal:
        reset(session, token)
    assert refusal.value.code == "token_not_valid"


def test_an_account_that_is_deactivated_meanwhile_gets_no_password(session: Session) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    command = ResetPassword(token=token, password=NEW)
    plan = credentials.prepare_reset(session, NOBODY, command)
    account.status = "deactivated"
    session.flush()
    with pytest.raises(Invalid):
        credentials.reset(session, NOBODY, plan, "a hash", command)


def test_its_owner_is_told_of_a_new_password(session: Session) -> None:
    account = new_account(session)
    reset(session, asked(session, account.email))
    told = {"user_id": account.id, "email": account.email, "name": account.name, "what": "password"}
    assert said(session, CredentialsChanged) == [told]


def test_an_accepted_invitation_opens_the_account(session: Session) -> None:
    account = invited(session, new_email())
    assert not gets_in(session, account.email, "nobody's password")
    reset(session, token_of(session))
    assert account.status == "active"
    assert gets_in(session, account.email, NEW)


def test_a_known_password_is_changed(session: Session) -> None:
    account = new_account(session)
    assert change(session, acting(account)) == {"status": "password_set"}
    assert gets_in(session, account.email, NEW)
    assert said(session, CredentialsChanged)[0]["what"] == "password"


def test_whoever_does_not_know_the_password_does_not_change_it(session: Session) -> None:
    account = new_account(session)
    assert code_of(change(session, acting(account), current="wrong")) == "password_wrong"
    assert gets_in(session, account.email, PASSWORD)


def test_nothing_is_hashed_for_whoever_does_not_know_the_password(session: Session) -> None:
    command = ChangePassword(current_password="wrong", password="weak")
    owner = credentials.prepare_change(session, acting(new_account(session)), command)
    assert passwords.hash_changed(owner, command) == (False, None)


def test_a_password_is_not_changed_to_ones_own_address(session: Session) -> None:
    account = new_account(session)
    with pytest.raises(Invalid) as refusal:
        change(session, acting(account), password=account.email)
    assert refusal.value.code == "password_too_common"


def test_changing_the_password_leaves_only_the_session_that_asks(session: Session) -> None:
    account = new_account(session)
    mine, other = (log_in(session, account.email)["access_token"] for _ in range(2))
    assert mine != other
    session_ids = [one.id for one in sessions_of(session, account)]
    change(session, acting(account, session_id=session_ids[0]))
    assert [one["session_id"] for one in said(session, SessionRevoked)] == session_ids[1:]


def test_changing_the_password_ends_a_link_that_was_asked_for_before(session: Session) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    change(session, acting(account))
    with pytest.raises(Invalid):
        reset(session, token)


def test_wrong_passwords_lock_here_as_they_do_when_signing_in(session: Session) -> None:
    account = new_account(session)
    for _ in range(10):
        refused = move(session, account, new_email(), password="wrong")
        assert isinstance(refused, Refused)
        assert isinstance(refused.error, Forbidden)
    with pytest.raises(TooMany):
        change(session, acting(account))


def lost(database: Database) -> tuple[Account, str]:
    """An account, committed, and the token to set its password with."""
    with database.begin() as session:
        account = new_account(session)
        return account, asked(session, account.email)


def reset_by(database: Database, token: str, key: str) -> Any:
    """Set a lost password as the gateway would."""
    host = Host(database, call=Call(key=key))
    return AuthService.reset_password(host, token=token, password=NEW)


def test_a_token_used_several_times_at_once_works_once(database: Database) -> None:
    account, token = lost(database)
    seen = at_once(4, lambda: reset_by(database, token, key=new_email()))
    assert seen == {"done": 1, "token_not_valid": 3}
    with database.begin() as session:
        assert gets_in(session, account.email, NEW)


def test_whoever_has_not_heard_the_answer_asks_again_with_the_same_key(database: Database) -> None:
    _account, token = lost(database)
    key = new_email()
    assert [reset_by(database, token, key) for _ in range(2)] == [{"status": "password_set"}] * 2


def test_another_password_under_the_same_key_is_another_request(database: Database) -> None:
    account, token = lost(database)
    key = new_email()
    reset_by(database, token, key)
    with pytest.raises(Invalid) as refusal:
        AuthService.reset_password(Host(database, call=Call(key=key)), token=token, password="a-quite-different-one-61")
    assert refusal.value.code == "key_reused"
    with database.begin() as session:
        assert gets_in(session, account.email, NEW)


def test_neither_secrets_nor_whose_they_are_stay_with_the_key(database: Database) -> None:
    account, token = lost(database)
    key = new_email()
    reset_by(database, token, key)
    with database.read() as session:
        row = str(session.execute(select(tables.idempotency).where(tables.idempotency.c.key == key)).one())
    assert not [secret for secret in (token, NEW, account.name, account.email) if secret in row]


def test_what_an_owner_changes_is_audited_as_done_by_the_owner(database: Database) -> None:
    account, token = lost(database)
    reset_by(database, token, new_email())
    audit = tables.audit
    with database.read() as session:
        row = session.execute(select(audit).where(audit.c.record_id == account.id).order_by(audit.c.id.desc())).first()
    assert row is not None
    assert (row.action, row.actor_id, row.allowed) == ("reset_password", account.id, True)
