"""The last admin stays, even when all admins remove each other concurrently."""

from collections.abc import Callable

import eventlet
import pytest
from sqlalchemy import func, select

from chassis.errors import Conflict
from chassis.persistence.database import Database, Session
from services.auth import grants
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant
from tests.auth.admins import admin, deactivate, demote, erase, only_admin
from tests.auth.factories import together
from tests.databases import KINDS


@pytest.mark.parametrize("work", [demote, deactivate, erase])
def test_last_admin_stays(session: Session, work: Callable[..., None]) -> None:
    last = only_admin(session)
    with pytest.raises(Conflict) as refusal:
        work(session, last, last)
    assert (refusal.value.code, refusal.value.noted) == ("last_admin", {"record_id": last.id})


@pytest.mark.parametrize("work", [demote, deactivate, erase])
def test_deactivated_admin_does_not_count_as_admin(session: Session, work: Callable[..., None]) -> None:
    last, idle = only_admin(session), admin(session)
    deactivate(session, idle, last)
    with pytest.raises(Conflict) as refusal:
        work(session, last, last)
    assert refusal.value.code == "last_admin"


@pytest.mark.parametrize("work", [demote, deactivate, erase])
def test_admin_may_go_when_another_remains(session: Session, work: Callable[..., None]) -> None:
    last, other = only_admin(session), admin(session)
    work(session, other, last)
    assert "admin" not in grants.roles_of(session, other.id) or not other.may_sign_in


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, copies: Callable[[str, str], Database]) -> Database:
    """A database of the test's own, with known admins."""
    return copies("auth", request.param)


@pytest.mark.parametrize("work", [demote, deactivate, erase])
def test_concurrent_removals_of_admins_leave_the_last(fresh: Database, work: Callable[..., None]) -> None:
    with fresh.begin() as session:
        made = [admin(session) for _ in range(4)]

    def remove(account: Account, by: Account) -> None:
        with fresh.begin() as session:
            work(session, account, by)
            eventlet.sleep(0.01)  # The other threads run before the commit.

    pairs = zip(made, [*made[1:], made[0]], strict=True)
    outcomes = together(*[lambda one=one, other=other: remove(one, other) for one, other in pairs])
    assert sorted(outcomes) == ["done", "done", "done", "last_admin"]
    with fresh.read() as session:
        left = select(func.count()).select_from(Grant).join(Account, Account.id == Grant.user_id)
        in_force = (Grant.role == "admin") & Grant.revoked_at.is_(None) & (Account.status == "active")
        assert session.scalar(left.where(in_force)) == 1
