"""The lockout stops guesses, and not the owner."""

import pytest

from chassis.call import Call
from chassis.errors import TooMany
from chassis.persistence.database import Session
from contracts.auth.mfa import ConfirmMfa, RecoveryCodesView
from services.auth import rules
from services.auth.mfa import enrolment
from tests.auth.credentials import NEW, change, reset
from tests.auth.factories import (
    Clock,
    acting,
    asked,
    enrolled,
    fail_to_log_in,
    guesses,
    log_in,
    log_in_with,
    new_account,
    new_email,
    started,
)

HOME = Call(address="203.0.113.7")
ELSEWHERE = Call(address="192.0.2.9")


def test_ten_of_a_thousand_guesses_are_compared(session: Session) -> None:
    account = new_account(session)
    assert guesses(session, account.email, 1_000) == {"login_failed": 10, "locked": 990}


def test_owner_logs_in_after_a_reset_while_guesses_continue(session: Session) -> None:
    account = new_account(session)
    guesses(session, account.email, 20)
    reset(session, asked(session, account.email), call=HOME)
    assert guesses(session, account.email, 200) == {"login_failed": 10, "locked": 190}
    assert log_in(session, account.email, NEW, call=HOME).access_token
    assert guesses(session, account.email, 200) == {"locked": 200}, "and opens nothing for the others"


def test_owner_logs_in_with_a_second_factor_while_guesses_continue(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    reset(session, asked(session, account.email), call=HOME)
    guesses(session, account.email, 20)
    waiting = log_in(session, account.email, NEW, call=HOME).mfa_token
    assert log_in_with(session, account, app.code(), call=HOME, mfa_token=waiting).access_token


def test_right_password_from_elsewhere_is_refused_like_a_wrong_password(session: Session) -> None:
    account = new_account(session)
    reset(session, asked(session, account.email), call=HOME)
    guesses(session, account.email, 10)
    assert guesses(session, account.email, 5, right=True) == guesses(session, account.email, 5) == {"locked": 5}


def test_ten_guesses_in_the_owners_network_lock_the_account(session: Session) -> None:
    account = new_account(session)
    reset(session, asked(session, account.email), call=HOME)
    fail_to_log_in(session, account.email, 10, call=HOME)
    with pytest.raises(TooMany):
        log_in(session, account.email, NEW, call=HOME)
    assert log_in(session, account.email, NEW, call=ELSEWHERE).access_token


def test_network_is_the_owners_for_an_hour(session: Session, clock: Clock) -> None:
    account = new_account(session)
    reset(session, asked(session, account.email), call=HOME)
    clock.advance(hours=1)
    guesses(session, account.email, 10)
    with pytest.raises(TooMany):
        log_in(session, account.email, NEW, call=HOME)


def test_network_of_an_owner_is_not_that_of_another_account(session: Session) -> None:
    reset(session, asked(session, new_account(session).email), call=HOME)
    email = new_email()
    fail_to_log_in(session, email, 10, call=ELSEWHERE)
    with pytest.raises(TooMany):
        log_in(session, email, call=HOME)


def test_signed_in_owner_changes_the_password_while_guesses_continue(session: Session) -> None:
    account = new_account(session)
    guesses(session, account.email, 20)
    assert change(session, acting(account)).status == "password_set"


def test_signed_in_owner_sets_up_a_factor_while_guesses_continue(session: Session) -> None:
    account = new_account(session)
    guesses(session, account.email, 20)
    app = started(session, account)
    shown = enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code(0)))
    assert isinstance(shown, RecoveryCodesView)


def test_own_token_opens_no_other_counter_for_the_second_step(session: Session) -> None:
    account, thief = new_account(session), acting(new_account(session))
    enrolled(session, account)
    waiting = [log_in(session, account.email).mfa_token for _ in range(2)]
    for _ in range(10):
        log_in_with(session, account, "000000", mfa_token=waiting[0], actor=thief)
    with pytest.raises(TooMany):
        log_in_with(session, account, "000000", mfa_token=waiting[1])


def test_owner_changes_the_password_again_right_after_a_reset(session: Session) -> None:
    account = new_account(session)
    for _ in range(10):
        change(session, acting(account), current="a thief's guess")
    reset(session, asked(session, account.email))
    changed = change(session, acting(account), current=NEW, password="yet-another-lantern-93")
    assert changed.status == "password_set"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_network_is_that_of_a_single_customer(address: str, network: str) -> None:
    assert rules.network(address) == network
