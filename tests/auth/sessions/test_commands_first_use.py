"""The first use of a mailed link verifies the address, which a stranger may have registered."""

import pytest

from chassis.errors import Invalid
from chassis.persistence.database import Session
from tests.auth.credentials import NEW, reset
from tests.auth.factories import asked, enrolled, invited, log_in, new_account, new_email, registered, token_of


def test_reset_that_first_verifies_removes_the_second_factor(session: Session) -> None:
    account = registered(session, new_email())
    enrolled(session, account)
    reset(session, asked(session, account.email))
    assert log_in(session, account.email, NEW).access_token


def test_reset_of_a_verified_account_keeps_the_second_factor(session: Session) -> None:
    account = new_account(session)
    enrolled(session, account)
    reset(session, asked(session, account.email))
    assert log_in(session, account.email, NEW).mfa_token


def test_invitation_is_accepted_once(session: Session) -> None:
    invited(session, new_email())
    token = token_of(session)
    reset(session, token)
    with pytest.raises(Invalid) as refusal:
        reset(session, token, "another-lantern-orbit-71")
    assert refusal.value.code == "token_not_valid"
