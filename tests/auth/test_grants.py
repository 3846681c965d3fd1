"""Events about staff roles: the last event states whether a person works here."""

from chassis.persistence.database import Session
from contracts.auth.accounts.administration import UpdateUser
from contracts.auth.events import RoleRevoked, StaffApproved
from services.auth.accounts import administration
from tests.auth.admins import SOMEBODY, assign
from tests.auth.factories import new_account, said


def staff_said(session: Session) -> list[tuple[str, str]]:
    """The published events about staff roles, in order."""
    kinds = (StaffApproved, RoleRevoked)
    return [(type(one).__name__, one.data["role"]) for one in session.published if isinstance(one, kinds)]


def test_staff_approval_is_repeated_after_reactivation(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient", "pharmacist"])
    administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated"))
    assert said(session, StaffApproved) == []
    administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="active"))
    assert [one["role"] for one in said(session, StaffApproved)] == ["nurse", "pharmacist"]


def test_staff_approval_is_repeated_for_remaining_roles_after_a_revocation(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient", "pharmacist"])
    assign(session, account, "patient", "pharmacist")
    assert staff_said(session) == [("RoleRevoked", "nurse"), ("StaffApproved", "pharmacist")]


def test_staff_approval_follows_the_revocation_when_a_role_is_exchanged(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    assign(session, account, "patient", "pharmacist")
    assert staff_said(session) == [("RoleRevoked", "nurse"), ("StaffApproved", "pharmacist")]


def test_staff_approval_is_not_repeated_when_another_role_is_lost(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    assign(session, account, "nurse")
    assert staff_said(session) == [("RoleRevoked", "patient")]


def test_staff_approval_is_not_repeated_for_a_deactivated_account(session: Session) -> None:
    account = new_account(session, roles=["nurse", "pharmacist"])
    administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated"))
    assign(session, account, "pharmacist")
    assert staff_said(session) == [("RoleRevoked", "nurse")]
