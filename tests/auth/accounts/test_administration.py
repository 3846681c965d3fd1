"""Administration of accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import (
    GetUser,
    ResetMfa,
    UpdateUser,
)
from contracts.auth.accounts.commands import AccountView
from contracts.auth.events import (
    CredentialsChanged,
    DoctorApproved,
    RoleGranted,
    RoleRevoked,
    SessionRevoked,
    StaffApproved,
    UserDeactivated,
    UserReactivated,
    UserUpdated,
)
from contracts.roles import Role
from services.auth import grants
from services.auth.accounts import administration
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant
from tests.auth.admins import SOMEBODY, admin, assign, erase, new_doctor
from tests.auth.factories import Clock, acting, enrolled, log_in, log_in_with, new_account, said
from tests.calls import called
from tests.perform import perform


def change(session: Session, account: Account, **changes: Any) -> AccountView:
    """Change an account as an admin."""
    return administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, **changes))


def test_account_is_shown_to_admins_as_to_its_owner(session: Session) -> None:
    account = new_account(session)
    shown = administration.get(session, SOMEBODY, GetUser(user_id=account.id))
    assert (shown.id, shown.email, shown.roles) == (account.id, account.email, ["patient"])


@pytest.mark.parametrize("work", [administration.get, administration.update, administration.reset_mfa])
def test_unknown_account_is_not_found(session: Session, work: Callable[..., Any]) -> None:
    with pytest.raises(NotFound):
        perform(work, session, SOMEBODY, user_id=uuid7())


def test_deactivation_ends_all_sessions(session: Session) -> None:
    account = new_account(session)
    log_in(session, account.email)
    assert change(session, account, status="deactivated").status == "deactivated"
    assert said(session, UserDeactivated) == [{"user_id": account.id, "reassign_to": None}]
    assert [one["user_id"] for one in said(session, SessionRevoked)] == [account.id]
    assert not account.may_sign_in


def test_second_deactivation_publishes_nothing(session: Session) -> None:
    account = new_account(session)
    first = change(session, account, status="deactivated")
    assert change(session, account, status="deactivated").revision == first.revision == 2
    assert len(said(session, UserDeactivated)) == 1


def test_reactivated_doctor_is_published_again(session: Session) -> None:
    account = new_doctor(session, name="Dr Weiss")
    change(session, account, status="deactivated")
    assert change(session, account, status="active").status == "active"
    assert said(session, UserReactivated) == [{"user_id": account.id}]
    facts = {"doctor_id": account.id, "name": "Dr Weiss", "specialization": "cardiology"}
    assert said(session, DoctorApproved) == [facts]


def test_reactivated_patient_is_not_published_as_doctor(session: Session) -> None:
    account = new_account(session)
    change(session, account, status="deactivated")
    change(session, account, status="active")
    assert said(session, DoctorApproved) == []


def test_corrected_name_is_published_with_the_doctor(session: Session) -> None:
    account = new_doctor(session, name="Dr Wiess")
    assert change(session, account, name="Dr Weiss").revision == 2
    assert [one["name"] for one in said(session, UserUpdated)] == ["Dr Weiss"]
    assert [one["name"] for one in said(session, DoctorApproved)] == ["Dr Weiss"]


def test_corrected_name_of_a_deactivated_doctor_is_not_published_as_doctor(session: Session) -> None:
    account = new_doctor(session)
    change(session, account, status="deactivated", name="Dr Weiss")
    session.published.clear()
    change(session, account, name="Dr Weiss-Rao")
    assert said(session, DoctorApproved) == []


@pytest.mark.parametrize(
    ("work", "changes"),
    [(administration.update, {"name": "A"}), (administration.assign_roles, {"assigned": [Role.NURSE]})],
)
def test_update_is_refused_when_the_revision_is_stale(
    session: Session, work: Callable[..., Any], changes: dict[str, Any]
) -> None:
    account = new_account(session)
    with called(session, if_match='"7"'), pytest.raises(Stale):
        perform(work, session, SOMEBODY, user_id=account.id, **changes)


def test_erased_account_cannot_be_changed(session: Session) -> None:
    account = new_account(session)
    erase(session, account)
    with pytest.raises(Conflict) as refusal:
        change(session, account, name="Asha Rao")
    assert refusal.value.code == "erased"


def test_assigned_roles_replace_the_earlier_roles(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    shown = assign(session, account, "patient", "pharmacist", "pharmacist")
    assert (shown.roles, shown.revision) == (["patient", "pharmacist"], 2)
    assert said(session, RoleGranted) == [{"user_id": account.id, "role": "pharmacist"}]
    assert said(session, RoleRevoked) == [{"user_id": account.id, "role": "nurse", "reassign_to": None}]
    assert said(session, StaffApproved) == [{"user_id": account.id, "role": "pharmacist"}]


def test_revoked_role_keeps_its_admin_and_time(session: Session, clock: Clock) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    assign(session, account, "patient")
    session.flush()
    query = select(Grant.revoked_by, Grant.revoked_at).where(Grant.user_id == account.id, Grant.role == "nurse")
    assert session.execute(query).one() == (SOMEBODY.id, clock.at)


def test_equal_roles_change_nothing(session: Session) -> None:
    account = new_account(session)
    log_in(session, account.email)
    assert assign(session, account, "patient").revision == 1
    assert session.published == []


def test_only_a_lost_role_ends_sessions(session: Session) -> None:
    account = new_account(session)
    log_in(session, account.email)
    assign(session, account, "nurse", "patient")
    assert said(session, SessionRevoked) == []
    assign(session, account, "nurse")
    assert [one["user_id"] for one in said(session, SessionRevoked)] == [account.id]


def test_new_doctor_is_published_with_a_specialization(session: Session) -> None:
    account = new_account(session, name="Dr Weiss")
    assign(session, account, "doctor", specialization=" neurology ")
    assert said(session, DoctorApproved)[0]["specialization"] == "neurology"
    assert grants.in_force(session, account.id)[0].specialization == "neurology"


@pytest.mark.parametrize("specialization", [None, "  "])
def test_new_doctor_without_specialization_is_refused(session: Session, specialization: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        assign(session, new_account(session), "doctor", specialization=specialization)
    assert list(refusal.value.facts["errors"]) == ["specialization"]


def test_specialization_of_a_doctor_can_be_corrected(session: Session) -> None:
    account = new_doctor(session)
    assert assign(session, account, "doctor", specialization="neurology").revision == 2
    assert [one["specialization"] for one in said(session, DoctorApproved)] == ["neurology"]


def test_admin_cannot_assign_themselves_a_role(session: Session) -> None:
    account = admin(session)
    with pytest.raises(Forbidden) as refusal:
        assign(session, account, "admin", "nurse", "patient", by=acting(account, Role.ADMIN))
    assert refusal.value.code == "own_roles"


def test_admin_may_drop_their_own_role(session: Session) -> None:
    account = admin(session)
    assert assign(session, account, "admin", by=acting(account, Role.ADMIN)).roles == ["admin"]


@pytest.mark.parametrize("status", ["pending_verification", "deactivated", "erased"])
def test_role_is_assigned_only_to_an_active_account(session: Session, status: str) -> None:
    account = new_account(session)
    account.status = status
    with pytest.raises(Conflict) as refusal:
        assign(session, account, "nurse", "patient")
    assert refusal.value.code == "account_not_active"


def test_deactivated_account_can_lose_a_role(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    change(session, account, status="deactivated")
    assert assign(session, account, "patient").roles == ["patient"]


def test_reset_of_a_second_factor_mails_its_owner(session: Session) -> None:
    account = new_account(session)
    log_in_with(session, account, enrolled(session, account).code())
    administration.reset_mfa(session, SOMEBODY, ResetMfa(user_id=account.id))
    assert not mfa.is_enabled(session, account.id)
    assert [one["what"] for one in said(session, CredentialsChanged)] == ["mfa_disabled"]
    assert [one["user_id"] for one in said(session, SessionRevoked)] == [account.id]


def test_admin_cannot_reset_their_own_second_factor(session: Session) -> None:
    account = admin(session)
    enrolled(session, account)
    with pytest.raises(Forbidden) as refusal:
        administration.reset_mfa(session, acting(account, Role.ADMIN), ResetMfa(user_id=account.id))
    assert (refusal.value.code, mfa.is_enabled(session, account.id)) == ("own_mfa", True)


def test_reset_is_refused_without_a_second_factor(session: Session) -> None:
    with pytest.raises(Conflict) as refusal:
        administration.reset_mfa(session, SOMEBODY, ResetMfa(user_id=new_account(session).id))
    assert refusal.value.code == "mfa_not_enabled"
