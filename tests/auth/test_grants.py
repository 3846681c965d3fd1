"""What is said about roles of the staff, so that its last word says whether somebody works here."""

from chassis.persistence.database import Session
from contracts.auth.accounts.administration import UpdateUser
from contracts.auth.events import RoleRevoked, StaffApproved
from services.auth.accounts import administration
from tests.auth.admins import SOMEBODY, assign
from tests.auth.factories import new_account, said


def staff_said(session: Session) -> list[tuple[str, str]]:
    """What was said about roles of the staff, in order: the last word is what others go by."""
    kinds = (StaffApproved, RoleRevoked)
    return [(type(one).__name__, one.data["role"]) for one in session.published if isinstance(one, kinds)]


def test_a_reactivated_member_of_the_staff_is_one_again(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient", "pharmacist"])
    administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated"))
    assert said(session, StaffApproved) == []
    administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="active"))
    assert [one["role"] for one in said(session, StaffApproved)] == ["nurse", "pharmacist"]


def test_who_keeps_a_role_of_the_staff_is_approved_again_after_another_is_taken(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient", "pharmacist"])
    assign(session, account, "patient", "pharmacist")
    assert staff_said(session) == [("RoleRevoked", "nurse"), ("StaffApproved", "pharmacist")]


def test_who_gets_one_role_of_the_staff_for_another_is_approved_after_it_is_taken(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    assign(session, account, "patient", "pharmacist")
    assert staff_said(session) == [("RoleRevoked", "nurse"), ("StaffApproved", "pharmacist")]


def test_who_loses_another_role_is_not_approved_again(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    assign(session, account, "nurse")
    assert staff_said(session) == [("RoleRevoked", "patient")]


def test_a_deactivated_account_that_keeps_a_role_of_the_staff_is_not_approved(session: Session) -> None:
    account = new_account(session, roles=["nurse", "pharmacist"])
    administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status="deactivated"))
    assign(session, account, "pharmacist")
    assert staff_said(session) == [("RoleRevoked", "nurse")]
