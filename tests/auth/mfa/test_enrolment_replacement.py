"""Replacement of a second factor, and new recovery codes."""

from typing import Any

import pytest

from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import CredentialsChanged
from contracts.auth.mfa import ConfirmMfa, RenewRecoveryCodes
from services.auth.mfa import enrolment
from services.auth.sessions import logins
from tests.auth.credentials import start
from tests.auth.factories import (
    PASSWORD,
    App,
    acting,
    code_of,
    enrolled,
    log_in_with,
    new_account,
    own_failures_of,
    said,
)


def renew(session: Session, actor: Actor, code: str, *, right: bool = True) -> Any:
    """Renew the recovery codes."""
    command = RenewRecoveryCodes(password=PASSWORD, code=code)
    return enrolment.renew_codes(session, actor, logins.own_candidate(session, actor, command), right, command)


def test_replacement_takes_effect_when_confirmed(session: Session) -> None:
    account = new_account(session, roles=["patient", "nurse"])
    lost = enrolled(session, account)
    new = App(start(session, acting(account), code=lost.recovery_codes[0]).secret, [])
    assert log_in_with(session, account, lost.code()).access_token, "the old one counts until then"
    shown: Any = enrolment.confirm(session, acting(account), ConfirmMfa(code=new.code(0)))
    assert code_of(log_in_with(session, account, lost.code(2))) == "login_failed"
    assert code_of(log_in_with(session, account, lost.recovery_codes[1])) == "login_failed"
    assert log_in_with(session, account, new.code()).access_token
    assert log_in_with(session, account, shown.recovery_codes[0]).access_token


def test_replacement_with_a_wrong_code_is_refused_and_counted(session: Session) -> None:
    account = new_account(session)
    enrolled(session, account)
    assert code_of(start(session, acting(account), code="000000")) == "code_wrong"
    assert own_failures_of(session, account) == 1
    with pytest.raises(Conflict):
        enrolment.confirm(session, acting(account), ConfirmMfa(code="000000"))


def test_new_recovery_codes_replace_the_remaining_codes(session: Session) -> None:
    account = new_account(session)
    old = enrolled(session, account)
    new = renew(session, acting(account), old.recovery_codes[0]).recovery_codes
    assert len(new) == 10
    assert code_of(log_in_with(session, account, old.recovery_codes[1])) == "login_failed"
    assert log_in_with(session, account, new[0]).access_token
    assert [told["what"] for told in said(session, CredentialsChanged)] == ["recovery_codes"]


@pytest.mark.parametrize("wrong", ["password", "code"])
def test_new_recovery_codes_require_password_and_code(session: Session, wrong: str) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    code = "000000" if wrong == "code" else app.recovery_codes[0]
    refused = renew(session, acting(account), code, right=wrong != "password")
    assert code_of(refused) == f"{wrong}_wrong"
    assert log_in_with(session, account, app.recovery_codes[1]).access_token


def test_new_recovery_codes_are_refused_without_a_factor(session: Session) -> None:
    with pytest.raises(Conflict) as refusal:
        renew(session, acting(new_account(session)), "000000")
    assert refusal.value.code == "mfa_not_enabled"
