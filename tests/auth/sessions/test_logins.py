"""Login: password, lock, and password check of a signed-in person."""

from collections.abc import Callable
from typing import Any

import eventlet
import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from chassis.call import Call
from chassis.errors import Forbidden, TooMany, Unauthenticated
from chassis.execution.run import Refused
from chassis.identity import NOBODY, SYSTEM
from chassis.persistence.database import Database, Session
from contracts.auth.accounts.commands import ChangeEmail
from contracts.auth.sessions import ListMySessions, LogIn
from services.auth import passwords
from services.auth.models.accounts import Account
from services.auth.sessions import commands as sessions
from services.auth.sessions import logins
from services.auth.sessions.logins import Candidate
from tests.auth.factories import (
    PASSWORD,
    Clock,
    acting,
    actor_of,
    code_of,
    fail_to_log_in,
    failures_of,
    log_in,
    new_account,
    new_email,
    own_failures_of,
    password_hash,
    registered,
)
from tests.hospital import eventually


def test_right_password_starts_a_session(session: Session) -> None:
    account = new_account(session)
    tokens = log_in(session, account.email)
    assert (tokens.token_type, tokens.expires_in) == ("Bearer", 900)
    assert tokens.user.given() == {"id": account.id, "email": account.email, "name": "Asha Rao", "roles": ["patient"]}


def test_access_token_names_person_and_roles(session: Session) -> None:
    account = new_account(session)
    actor = actor_of(log_in(session, account.email))
    assert (actor.id, actor.roles, actor.verified) == (account.id, frozenset({"patient"}), True)


def test_unverified_account_logs_in_as_unverified(session: Session) -> None:
    account = registered(session, new_email())
    assert not actor_of(log_in(session, account.email)).verified


def test_login_ignores_the_case_of_the_address(session: Session) -> None:
    account = new_account(session)
    assert log_in(session, account.email.upper()).user.id == account.id


@pytest.mark.parametrize("case", ["wrong password", "unknown address", "deactivated", "erased"])
def test_all_failures_give_the_same_refusal(session: Session, case: str) -> None:
    account = new_account(session)
    if case in ("deactivated", "erased"):
        account.status = case
    email = new_email() if case == "unknown address" else account.email
    refused = log_in(session, email, "wrong password") if case == "wrong password" else log_in(session, email)
    assert isinstance(refused, Refused)
    assert type(refused.error) is Unauthenticated
    assert refused.error.code == "login_failed"


@pytest.mark.parametrize("is_known", [True, False])
def test_ten_failures_lock_a_known_or_unknown_address(session: Session, clock: Clock, is_known: bool) -> None:  # noqa: FBT001
    email = new_account(session).email if is_known else new_email()
    fail_to_log_in(session, email, 9)
    clock.advance(minutes=15)
    fail_to_log_in(session, email, 1)
    with pytest.raises(TooMany) as refusal:
        log_in(session, email)
    assert (refusal.value.code, refusal.value.facts) == ("locked", {"retry_after": 900})


def test_lock_ends_after_15_minutes(session: Session, clock: Clock) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, 10)
    clock.advance(minutes=15)
    assert log_in(session, account.email).access_token


def test_right_password_is_refused_when_the_address_is_locked_meanwhile(session: Session) -> None:
    account = new_account(session)
    command = LogIn(email=account.email, password=PASSWORD)
    candidate = logins.find_candidate(session, NOBODY, command)
    right = passwords.matches(candidate, command)
    fail_to_log_in(session, account.email, 10)
    with pytest.raises(TooMany):
        logins.log_in(session, NOBODY, candidate, right, command)


def test_login_resets_the_failures(session: Session) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, 9)
    log_in(session, account.email)
    fail_to_log_in(session, account.email, 9)
    assert log_in(session, account.email).access_token


def test_password_changed_during_comparison_starts_no_session(session: Session) -> None:
    account = new_account(session)
    right, command = True, LogIn(email=account.email, password=PASSWORD)
    candidate = logins.find_candidate(session, NOBODY, command)
    account.password_hash = passwords.hash_now("another-password-entirely")
    session.flush()
    assert code_of(logins.log_in(session, NOBODY, candidate, right, command)) == "login_failed"


def test_candidate_without_a_password_has_no_hash(session: Session) -> None:
    account = new_account(session, password_hash="")
    candidate = logins.find_candidate(session, NOBODY, LogIn(email=account.email, password=PASSWORD))
    assert candidate == Candidate(account.id, None)
    assert logins.own_candidate(session, acting(account)) == Candidate(account.id, None)


def test_session_stores_device_and_address(session: Session) -> None:
    account = new_account(session)
    caller = Call(device="Matron for Android 1.2", address="192.0.2.7")
    tokens = log_in(session, account.email, call=caller)
    shown = sessions.list_own(session, actor_of(tokens), ListMySessions(limit=10, cursor=None)).items[0]
    assert (shown.device, shown.address) == ("Matron for Android 1.2", "192.0.2.7")


def test_audit_names_the_person_who_logged_in(session: Session) -> None:
    account = new_account(session)
    log_in(session, account.email)
    assert session.noted == {"actor_id": account.id, "record_id": account.id}


def test_audit_names_the_account_of_a_failed_login(session: Session) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, 1)
    assert session.noted == {"record_id": account.id}


def test_password_check_returns_the_account(session: Session) -> None:
    account = new_account(session)
    actor = acting(account)
    candidate = logins.own_candidate(session, actor, ChangeEmail(email=new_email(), password=PASSWORD))
    assert candidate == Candidate(account.id, password_hash())
    assert logins.check_password(session, actor, candidate, right=True) is account


def test_wrong_password_is_refused_and_counted(session: Session) -> None:
    account = new_account(session)
    actor = acting(account)
    refused = logins.check_password(session, actor, logins.own_candidate(session, actor), right=False)
    assert (code_of(refused), own_failures_of(session, account)) == ("password_wrong", 1)
    assert isinstance(refused, Refused)
    assert type(refused.error) is Forbidden
    assert session.noted == {"record_id": account.id}


def test_password_check_is_refused_when_the_password_just_changed(session: Session) -> None:
    account = new_account(session)
    actor = acting(account)
    candidate = logins.own_candidate(session, actor)
    account.password_hash = passwords.hash_now("another-password-entirely")
    session.flush()
    assert code_of(logins.check_password(session, actor, candidate, right=True)) == "password_wrong"


def test_ten_wrong_passwords_lock_a_signed_in_person(session: Session) -> None:
    account = new_account(session)
    actor = acting(account)
    for _ in range(10):
        logins.check_password(session, actor, logins.own_candidate(session, actor), right=False)
    for locked in (lambda: logins.own_candidate(session, actor), lambda: logins.lock_own_account(session, actor)):
        with pytest.raises(TooMany) as refusal:
            locked()
        assert refusal.value.code == "locked"
    assert log_in(session, account.email).access_token, "they have a lock of their own"


def test_password_check_is_refused_without_an_account(session: Session) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        logins.own_candidate(session, acting(Account(id=uuid7())))
    assert refusal.value.code == "token_invalid"


def test_old_failures_are_deleted(session: Session, clock: Clock) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, 10)
    clock.advance(minutes=14)
    logins.delete_old(session, SYSTEM)
    with pytest.raises(TooMany):
        log_in(session, account.email)
    clock.advance(minutes=17)
    logins.delete_old(session, SYSTEM)
    assert failures_of(session, account) == 0


def waits(database: Database) -> bool:
    """Whether a transaction waits for a row of this database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.autocommit() as connection:
        return bool(connection.scalar(text(waiting)))


@pytest.mark.servers
def test_login_waits_for_a_deactivation_and_is_refused(
    databases: Callable[[str, str], Database],
) -> None:
    database = databases("auth", "postgresql")
    with database.begin() as session:
        right, command = True, LogIn(email=new_account(session).email, password=PASSWORD)
        candidate = logins.find_candidate(session, NOBODY, command)

    def sign_in() -> Any:
        with database.begin() as session:
            return logins.log_in(session, NOBODY, candidate, right, command)

    with database.begin() as session:
        session.get_one(Account, candidate.user_id, with_for_update=True).deactivate()
        session.flush()
        signing_in = eventlet.spawn(sign_in)
        eventually(lambda: signing_in.dead or waits(database))
    assert code_of(signing_in.wait()) == "login_failed"
