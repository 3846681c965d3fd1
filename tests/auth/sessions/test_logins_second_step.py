"""The second step of a login, also concurrent."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import TooMany, Unauthenticated
from chassis.identity import NOBODY, SYSTEM
from chassis.persistence.database import Database, Session
from contracts.auth.sessions import ListMySessions, VerifyMfa
from services.auth import rules
from services.auth.mfa import codes as mfa
from services.auth.models.logins import OneTimeToken
from services.auth.service import AuthService
from services.auth.sessions import commands as sessions
from services.auth.sessions import logins
from tests.auth.factories import (
    PASSWORD,
    App,
    Clock,
    Host,
    acting,
    actor_of,
    code_of,
    enrolled,
    failures_of,
    log_in,
    log_in_with,
    new_account,
    together,
)


def give_code(session: Session, mfa_token: str, code: str) -> Any:
    """Verify a code. Returns tokens or a refusal."""
    return logins.verify_code(session, NOBODY, VerifyMfa(mfa_token=mfa_token, code=code))


def test_password_with_a_second_factor_gives_a_token_for_five_minutes(session: Session) -> None:
    account = new_account(session)
    enrolled(session, account)
    given = log_in(session, account.email)
    assert given.given() == {"mfa_token": given.mfa_token, "expires_in": 300}
    assert sessions.list_own(session, acting(account), ListMySessions(limit=10, cursor=None)).items == []


def test_database_does_not_contain_the_token_of_the_second_step(session: Session) -> None:
    account = new_account(session)
    enrolled(session, account)
    token = log_in(session, account.email).mfa_token
    kept = session.query(OneTimeToken).where(OneTimeToken.user_id == account.id).one()
    assert (kept.purpose, kept.digest, kept.email) == (mfa.PURPOSE, rules.digest(token), None)


def test_code_of_the_app_starts_a_session(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    assert actor_of(log_in_with(session, account, app.code())).id == account.id
    assert session.noted == {"actor_id": account.id, "record_id": account.id}


def test_recovery_code_starts_a_single_session(session: Session) -> None:
    account = new_account(session)
    code = enrolled(session, account).recovery_codes[0]
    assert log_in_with(session, account, code).access_token
    assert code_of(log_in_with(session, account, code)) == "login_failed"


def test_used_code_is_refused(session: Session, clock: Clock) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    clock.advance(seconds=30)
    assert log_in_with(session, account, app.code(0)).access_token
    assert code_of(log_in_with(session, account, app.code(0))) == "login_failed"


@pytest.mark.usefixtures("clock")
def test_code_that_confirmed_the_app_is_refused(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    assert code_of(log_in_with(session, account, app.code(0))) == "login_failed"


def test_right_code_is_accepted_after_a_wrong_code(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    token = log_in(session, account.email).mfa_token
    session.noted.clear()
    refused = give_code(session, token, "wrong code")
    assert session.noted == {"record_id": account.id}
    assert (code_of(refused), type(refused.error)) == ("login_failed", Unauthenticated)
    assert failures_of(session, account) == 1
    assert give_code(session, token, app.code()).access_token
    assert failures_of(session, account) == 0


def test_right_password_does_not_reset_wrong_codes(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    for _ in range(9):
        log_in_with(session, account, "wrong code")
    token = log_in(session, account.email).mfa_token
    assert code_of(give_code(session, token, "wrong code")) == "login_failed"
    with pytest.raises(TooMany) as refusal:
        give_code(session, token, app.code())
    assert refusal.value.code == "locked"


@pytest.mark.parametrize("case", ["unknown", "used", "ended", "for something else", "of somebody who was signed out"])
def test_invalid_token_of_the_second_step_is_refused(session: Session, clock: Clock, case: str) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    token = "unknown" if case == "unknown" else log_in(session, account.email).mfa_token
    if case == "used":
        give_code(session, token, app.recovery_codes[0])
    if case == "ended":
        clock.advance(minutes=5)
    if case == "for something else":
        session.get_one(OneTimeToken, rules.digest(token)).purpose = "reset"
    if case == "of somebody who was signed out":
        sessions.end_all(session, account.id)
    with pytest.raises(Unauthenticated) as refusal:
        give_code(session, token, app.recovery_codes[1])
    assert refusal.value.code == "mfa_token_not_valid"


def test_code_is_refused_for_a_deactivated_account(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    token = log_in(session, account.email).mfa_token
    account.deactivate()
    assert code_of(give_code(session, token, app.code())) == "login_failed"


@pytest.mark.parametrize("how", ["used", "ended"])
def test_one_time_token_is_deleted_a_day_after_it_expired(session: Session, clock: Clock, how: str) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    token = log_in(session, account.email).mfa_token
    if how == "used":
        give_code(session, token, app.code())
        session.get_one(OneTimeToken, rules.digest(token)).expires_at += timedelta(days=7)
    clock.advance(hours=24)
    logins.delete_old(session, SYSTEM)
    assert session.get(OneTimeToken, rules.digest(token)) is not None
    clock.advance(minutes=6)
    logins.delete_old(session, SYSTEM)
    session.expire_all()
    assert session.get(OneTimeToken, rules.digest(token)) is None


def enrolled_account(database: Database) -> tuple[str, App]:
    """The address of an account with a second factor, and its app."""
    with database.begin() as session:
        account = new_account(session)
        return account.email, enrolled(session, account)


def first_step(database: Database, email: str) -> str:
    """The token of the second step."""
    return str(AuthService.log_in(Host(database), email=email, password=PASSWORD)["mfa_token"])


def second_step(database: Database, mfa_token: str, code: str) -> Callable[[], object]:
    """Verify the code, as the gateway does."""
    return lambda: AuthService.verify_mfa(Host(database), mfa_token=mfa_token, code=code)


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_concurrent_second_steps_with_a_code_start_a_single_session(database: Database, kind: str) -> None:
    email, app = enrolled_account(database)
    token, code = first_step(database, email), app.code() if kind == "app" else app.recovery_codes[0]
    found = together(*[second_step(database, token, code)] * 20)
    assert Counter(found) == {"done": 1, "mfa_token_not_valid": 19}


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_code_in_concurrent_logins_starts_a_single_session(database: Database, kind: str) -> None:
    email, app = enrolled_account(database)
    tokens, code = (
        [first_step(database, email) for _ in range(5)],
        app.code() if kind == "app" else app.recovery_codes[0],
    )
    found = together(*[second_step(database, token, code) for token in tokens])
    assert Counter(found) == {"done": 1, "login_failed": 4}


def test_ten_of_twenty_concurrent_codes_are_compared(database: Database) -> None:
    email, _app = enrolled_account(database)
    token = first_step(database, email)
    found = together(*[second_step(database, token, "a guess")] * 20)
    assert Counter(found) == {"login_failed": 10, "locked": 10}
