"""Events about admins: the last event states whether a person is an admin who can sign in."""

from typing import Any

import pytest

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import UpdateUser
from contracts.auth.events import AdminChanged
from services.auth import grants
from services.auth.accounts import administration
from tests.auth.admins import SOMEBODY, admin, assign, erase
from tests.auth.factories import Clock, new_account, said


def _last(session: Session, user_id: Any) -> bool | None:
    """Return what the last event says about a person; None without an event."""
    return next((one["is_admin"] for one in reversed(said(session, AdminChanged)) if one["user_id"] == user_id), None)


def test_new_admin_is_published(session: Session) -> None:
    account = new_account(session)
    assign(session, account, "patient", "admin")
    assert _last(session, account.id) is True


def test_other_roles_are_not_published_as_admin(session: Session) -> None:
    account = new_account(session, roles=["nurse"])
    administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated"))
    assert _last(session, account.id) is None


@pytest.mark.parametrize("leave", ["role", "status", "erasure"])
def test_lost_admin_is_published(session: Session, leave: str) -> None:
    admin(session)
    account = admin(session)
    if leave == "role":
        assign(session, account, "patient")
    elif leave == "status":
        administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated"))
    else:
        erase(session, account)
    assert _last(session, account.id) is False


def test_reactivated_admin_is_published(session: Session) -> None:
    admin(session)
    account = admin(session)
    for status in ("deactivated", "active"):
        administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status=status))
    assert _last(session, account.id) is True


def test_admins_are_published_once_a_week(session: Session, clock: Clock) -> None:
    account, nurse = admin(session), new_account(session, roles=["nurse"])
    counts = []
    for days in (0, 0, 7):
        session.published.clear()
        clock.advance(days=days)
        grants.publish_admins(session, SYSTEM)
        found = [one["user_id"] for one in said(session, AdminChanged)]
        assert nurse.id not in found
        counts.append(found.count(account.id))
    assert counts == [1, 0, 1]
