"""Resets and changes of passwords."""

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
    """The sessions of a person, oldest first."""
    mine = select(LoginSession).where(LoginSession.user_id == account.id)
    return list(session.scalars(mine.order_by(LoginSession.id)))


def test_lost_password_is_set_with_the_mailed_token(session: Session) -> None:
    account = new_account(session)
    assert reset(session, asked(session, account.email)).status == "password_set"
    assert not gets_in(session, account.email, PASSWORD)
    assert gets_in(session, account.email, NEW)


def test_token_sets_a_password_once(session: Session) -> None:
    token = asked(session, new_account(session).email)
    reset(session, token)
    with pytest.raises(Invalid) as refusal:
        reset(session, token)
    assert refusal.value.code == "token_not_valid"


def test_token_used_during_hashing_sets_nothing(session: Session) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    command = ResetPassword(token=token, password=NEW)
    plan = credentials.prepare_reset(session, NOBODY, command)
    reset(session, token)
    with pytest.raises(Invalid):
        credentials.reset(session, NOBODY, plan, "another hash", command)


def test_weak_password_leaves_the_token_valid(session: Session) -> None:
    token = asked(session, new_account(session).email)
    with pytest.raises(Invalid) as refusal:
        reset(session, token, "password12345")
    assert refusal.value.code == "password_too_common"
    assert reset(session, token).status == "password_set"


def test_password_is_refused_when_it_is_name_or_address(session: Session) -> None:
    account = new_account(session, name="Xanthippe Wojciechowska")
    for guess in ("xanthippewojciechowska", account.email):
        with pytest.raises(Invalid):
            reset(session, asked(session, account.email), guess)


def test_new_password_ends_every_session(session: Session) -> None:
    account = new_account(session)
    for _ in range(2):
        log_in(session, account.email)
    reset(session, asked(session, account.email))
    assert [one["user_id"] for one in said(session, SessionRevoked)] == [account.id] * 2


def test_owner_of_a_locked_account_logs_in_after_a_reset(session: Session) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, times=10)
    with pytest.raises(TooMany):
        log_in(session, account.email)
    reset(session, asked(session, account.email))
    assert gets_in(session, account.email, NEW)


def test_reset_verifies_the_address(session: Session) -> None:
    account = registered(session, new_email())
    reset(session, asked(session, account.email))
    assert account.status == "active"
    assert said(session, UserVerified) == [{"user_id": account.id}]


def test_new_password_expires_links_and_second_steps(session: Session) -> None:
    account = new_account(session)
    move(session, account, new_email())
    elsewhere = token_of(session)
    reset(session, asked(session, account.email))
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=elsewhere))


@pytest.mark.parametrize("status", ["deactivated", "erased"])
def test_reset_is_refused_when_login_is_not_allowed(session: Session, status: str) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    account.status = status
    with pytest.raises(Invalid) as refusal:
        reset(session, token)
    assert refusal.value.code == "token_not_valid"


def test_reset_is_refused_when_the_account_was_just_deactivated(session: Session) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    command = ResetPassword(token=token, password=NEW)
    plan = credentials.prepare_reset(session, NOBODY, command)
    account.status = "deactivated"
    session.flush()
    with pytest.raises(Invalid):
        credentials.reset(session, NOBODY, plan, "a hash", command)


def test_new_password_is_mailed_to_the_owner(session: Session) -> None:
    account = new_account(session)
    reset(session, asked(session, account.email))
    told = {"user_id": account.id, "email": account.email, "name": account.name, "what": "password"}
    assert said(session, CredentialsChanged) == [told]


def test_accepted_invitation_verifies_the_account(session: Session) -> None:
    account = invited(session, new_email())
    assert not gets_in(session, account.email, "nobody's password")
    reset(session, token_of(session))
    assert account.status == "active"
    assert gets_in(session, account.email, NEW)


def test_known_password_is_changed(session: Session) -> None:
    account = new_account(session)
    assert change(session, acting(account)).status == "password_set"
    assert gets_in(session, account.email, NEW)
    assert said(session, CredentialsChanged)[0]["what"] == "password"


def test_change_is_refused_with_a_wrong_password(session: Session) -> None:
    account = new_account(session)
    assert code_of(change(session, acting(account), current="wrong")) == "password_wrong"
    assert gets_in(session, account.email, PASSWORD)


def test_wrong_password_hashes_no_new_password(session: Session) -> None:
    command = ChangePassword(current_password="wrong", password="weak")
    owner = credentials.prepare_change(session, acting(new_account(session)), command)
    assert passwords.hash_changed(owner, command) == (False, None)


def test_new_password_is_refused_when_it_is_the_address(session: Session) -> None:
    account = new_account(session)
    with pytest.raises(Invalid) as refusal:
        change(session, acting(account), password=account.email)
    assert refusal.value.code == "password_too_common"


def test_change_of_password_keeps_only_the_current_session(session: Session) -> None:
    account = new_account(session)
    mine, other = (log_in(session, account.email).access_token for _ in range(2))
    assert mine != other
    session_ids = [one.id for one in sessions_of(session, account)]
    change(session, acting(account, session_id=session_ids[0]))
    assert [one["session_id"] for one in said(session, SessionRevoked)] == session_ids[1:]


def test_change_of_password_expires_earlier_links(session: Session) -> None:
    account = new_account(session)
    token = asked(session, account.email)
    change(session, acting(account))
    with pytest.raises(Invalid):
        reset(session, token)


def test_wrong_current_passwords_lock_the_account(session: Session) -> None:
    account = new_account(session)
    for _ in range(10):
        refused = move(session, account, new_email(), password="wrong")
        assert isinstance(refused, Refused)
        assert isinstance(refused.error, Forbidden)
    with pytest.raises(TooMany):
        change(session, acting(account))


def lost(database: Database) -> tuple[Account, str]:
    """A committed account, and the token to reset its password."""
    with database.begin() as session:
        account = new_account(session)
        return account, asked(session, account.email)


def reset_by(database: Database, token: str, key: str) -> Any:
    """Reset a password, as the gateway does."""
    host = Host(database, call=Call(key=key))
    return AuthService.reset_password(host, token=token, password=NEW)


def test_token_works_once_for_concurrent_callers(database: Database) -> None:
    account, token = lost(database)
    seen = at_once(4, lambda: reset_by(database, token, key=new_email()))
    assert seen == {"done": 1, "token_not_valid": 3}
    with database.begin() as session:
        assert gets_in(session, account.email, NEW)


def test_reset_with_the_same_key_gets_the_same_reply(database: Database) -> None:
    _account, token = lost(database)
    key = new_email()
    assert [reset_by(database, token, key) for _ in range(2)] == [{"status": "password_set"}] * 2


def test_key_is_refused_with_another_password(database: Database) -> None:
    account, token = lost(database)
    key = new_email()
    reset_by(database, token, key)
    with pytest.raises(Invalid) as refusal:
        AuthService.reset_password(Host(database, call=Call(key=key)), token=token, password="a-quite-different-one-61")
    assert refusal.value.code == "key_reused"
    with database.begin() as session:
        assert gets_in(session, account.email, NEW)


def test_key_stores_neither_secrets_nor_their_owner(database: Database) -> None:
    account, token = lost(database)
    key = new_email()
    reset_by(database, token, key)
    with database.read() as session:
        row = str(session.execute(select(tables.idempotency).where(tables.idempotency.c.key == key)).one())
    assert not [secret for secret in (token, NEW, account.name, account.email) if secret in row]


def test_audit_names_the_owner_as_actor(database: Database) -> None:
    account, token = lost(database)
    reset_by(database, token, new_email())
    audit = tables.audit
    with database.read() as session:
        row = session.execute(select(audit).where(audit.c.record_id == account.id).order_by(audit.c.id.desc())).first()
    assert row is not None
    assert (row.action, row.actor_id, row.allowed) == ("reset_password", account.id, True)
