"""State changes of accounts, sessions and requests."""

from datetime import UTC, datetime

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from services.auth.models.accounts import Account
from services.auth.models.sessions import LoginSession
from services.auth.models.upgrades import UpgradeRequest

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_account_is_verified_once() -> None:
    account = Account(status="pending_verification", revision=1)
    account.verify(NOW)
    assert account.is_verified
    with pytest.raises(Conflict) as refusal:
        account.verify(NOW)
    assert refusal.value.code == "not_pending_verification"


def test_reactivated_account_is_verified_only_if_it_was_before() -> None:
    known, unknown = (Account(status="pending_verification", revision=1) for _ in range(2))
    known.verify(NOW)
    for account in (known, unknown):
        account.deactivate()
        account.reactivate()
    assert (known.status, unknown.status) == ("active", "pending_verification")


@pytest.mark.parametrize(
    ("status", "may"), [("pending_verification", True), ("active", True), ("deactivated", False), ("erased", False)]
)
def test_login_is_allowed_by_status(status: str, may: bool) -> None:  # noqa: FBT001
    assert Account(status=status).may_sign_in is may


def test_role_requires_an_active_account() -> None:
    with pytest.raises(Conflict) as refusal:
        Account(status="deactivated").must_be_active()
    assert refusal.value.code == "account_not_active"


def test_successor_depends_on_the_token_and_its_session() -> None:
    here, elsewhere = LoginSession(secret=b"a" * 32), LoginSession(secret=b"b" * 32)
    assert here.successor_of("token") == here.successor_of("token") != elsewhere.successor_of("token")


def test_request_is_decided_once() -> None:
    asked, admin = UpgradeRequest(status="pending"), uuid7()
    asked.approve(admin, NOW, None)
    assert (asked.status, asked.decided_by, asked.decided_at) == ("approved", admin, NOW)
    with pytest.raises(Conflict) as refusal:
        asked.reject(admin, NOW, "Too late.")
    assert refusal.value.code == "already_decided"
