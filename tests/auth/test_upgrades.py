"""Requests for roles."""

from typing import Literal

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import DoctorApproved, RoleGranted, StaffApproved, UpgradeDecided, UpgradeRequested
from contracts.auth.upgrades import DecideUpgrade, ListMyUpgradeRequests, ListUpgradeRequests, WithdrawUpgrade
from contracts.roles import Role
from services.auth import grants, upgrades
from services.auth.models.upgrades import UpgradeRequest
from tests.auth.factories import DOCTOR, Clock, acting, new_account, requested, said
from tests.auth.stored import statements

ADMIN = Actor(id=uuid7(), roles=frozenset({"admin"}), verified=True)


def decide(
    session: Session,
    asked: UpgradeRequest,
    decision: Literal["approve", "reject"] = "approve",
    reason: str | None = None,
) -> None:
    """Decide as an admin."""
    upgrades.decide(session, ADMIN, DecideUpgrade(request_id=asked.id, decision=decision, reason=reason))


def test_request_for_a_role_is_pending(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account, **DOCTOR)
    assert (asked.user_id, asked.status) == (account.id, "pending")
    assert said(session, UpgradeRequested) == [{"request_id": asked.id, "user_id": account.id, "role": "doctor"}]


def test_request_of_a_doctor_without_licence_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        requested(session, new_account(session), **{**DOCTOR, "licence_number": None})
    assert list(refusal.value.facts["errors"]) == ["licence_number"]


def test_second_request_for_a_pending_role_is_refused(session: Session) -> None:
    account = new_account(session)
    requested(session, account)
    with pytest.raises(Conflict) as refusal:
        requested(session, account)
    assert refusal.value.code == "already_pending"


def test_requests_for_two_roles_are_independent(session: Session) -> None:
    account = new_account(session)
    assert requested(session, account).id != requested(session, account, role="pharmacist").id


def test_request_may_be_repeated_after_a_rejection(session: Session) -> None:
    account = new_account(session)
    decide(session, requested(session, account), "reject", "No reference.")
    assert requested(session, account).status == "pending"


def test_request_for_a_held_role_is_refused(session: Session) -> None:
    with pytest.raises(Conflict) as refusal:
        requested(session, new_account(session, roles=[Role.NURSE]))
    assert refusal.value.code == "already_granted"


def test_approval_of_a_doctor_grants_the_role_and_publishes_it(session: Session) -> None:
    account = new_account(session, name="Dr Lena Weiss")
    asked = requested(session, account, **DOCTOR)
    decide(session, asked)
    assert asked.status == "approved"
    assert grants.roles_of(session, account.id) == ["doctor", "patient"]
    known = {"doctor_id": account.id, "name": "Dr Lena Weiss", "specialization": "cardiology"}
    assert said(session, DoctorApproved) == [known]
    assert said(session, RoleGranted) == [{"user_id": account.id, "role": "doctor"}]


def test_approval_of_a_nurse_publishes_new_staff(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    decide(session, asked)
    assert said(session, StaffApproved) == [{"user_id": account.id, "role": "nurse"}]
    (event,) = said(session, UpgradeDecided)
    assert (event["request_id"], event["decision"]) == (asked.id, "approve")


def test_rejection_grants_nothing(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    decide(session, asked, "reject", "No reference.")
    assert (asked.status, asked.reason, asked.decided_by) == ("rejected", "No reference.", ADMIN.id)
    assert grants.roles_of(session, account.id) == ["patient"]
    assert [event["decision"] for event in said(session, UpgradeDecided)] == ["reject"]
    assert not said(session, RoleGranted)


def test_rejection_without_reason_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        decide(session, requested(session, new_account(session)), "reject")
    assert refusal.value.code == "reason_required"


def test_request_is_decided_once(session: Session) -> None:
    asked = requested(session, new_account(session))
    decide(session, asked)
    with pytest.raises(Conflict) as refusal:
        decide(session, asked, "reject", "Second thoughts.")
    assert refusal.value.code == "already_decided"


def test_own_request_is_not_decided_by_its_admin(session: Session) -> None:
    admin = new_account(session, roles=[Role.ADMIN])
    asked = requested(session, admin)
    with pytest.raises(Forbidden) as refusal:
        upgrades.decide(
            session, acting(admin, Role.ADMIN), DecideUpgrade(request_id=asked.id, decision="approve", reason=None)
        )
    assert refusal.value.code == "own_request"


def test_approval_is_refused_for_a_deactivated_account(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    account.status = "deactivated"
    with pytest.raises(Conflict) as refusal:
        decide(session, asked)
    assert refusal.value.code == "account_not_active"


def test_approval_is_refused_when_the_role_was_already_granted(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    grants.grant_role(session, account, "nurse", by=ADMIN.id)
    with pytest.raises(Conflict) as refusal:
        decide(session, asked)
    assert refusal.value.code == "already_granted"


def test_unknown_request_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        upgrades.decide(session, ADMIN, DecideUpgrade(request_id=uuid7(), decision="approve", reason=None))


def test_own_requests_are_listed_newest_first(session: Session, clock: Clock) -> None:
    account, other = new_account(session), new_account(session)
    requested(session, other)
    first = requested(session, account)
    clock.advance(minutes=1)
    second = requested(session, account, role="pharmacist")
    page = upgrades.list_own(session, acting(account), ListMyUpgradeRequests(limit=20, cursor=None))
    assert [row.id for row in page.items] == [second.id, first.id]


def test_requests_are_listed_by_status_in_pages(session: Session, clock: Clock) -> None:
    clock.advance(days=1)  # Newer than what other tests have left.
    waiting = [requested(session, new_account(session)) for _ in range(3)]
    decide(session, waiting.pop(0))
    first = upgrades.listing(session, ADMIN, ListUpgradeRequests(limit=1, cursor=None))
    second = upgrades.listing(session, ADMIN, ListUpgradeRequests(limit=1, cursor=first.next))
    assert [row.id for row in (*first.items, *second.items)] == [waiting[1].id, waiting[0].id]


def test_requests_are_listed_with_their_people_in_a_single_statement(session: Session, clock: Clock) -> None:
    clock.advance(days=2)  # Newer than what other tests have left.
    account = new_account(session, name="Noor Haddad")
    requested(session, account)
    session.flush()
    with statements(session.get_bind()) as sent:
        [row] = upgrades.listing(session, ADMIN, ListUpgradeRequests(limit=1, cursor=None)).items
    assert (row.user_id, row.name, row.email, len(sent)) == (account.id, "Noor Haddad", account.email, 1)


def test_own_request_is_withdrawn(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    assert upgrades.withdraw(session, acting(account), WithdrawUpgrade(request_id=asked.id)).status == "withdrawn"
    assert requested(session, account).status == "pending"


def test_request_of_another_person_is_not_withdrawn(session: Session) -> None:
    asked = requested(session, new_account(session))
    with pytest.raises(NotFound):
        upgrades.withdraw(session, acting(new_account(session)), WithdrawUpgrade(request_id=asked.id))


def test_decided_request_is_not_withdrawn(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    decide(session, asked)
    with pytest.raises(Conflict) as refusal:
        upgrades.withdraw(session, acting(account), WithdrawUpgrade(request_id=asked.id))
    assert refusal.value.code == "already_decided"


def test_specialization_is_stored_with_the_approved_role(session: Session) -> None:
    account = new_account(session)
    decide(session, requested(session, account, **DOCTOR))
    assert [grant.specialization for grant in grants.in_force(session, account.id)] == ["cardiology", None]


def test_request_of_an_erased_account_is_refused(session: Session) -> None:
    account = new_account(session)
    account.erase()
    with pytest.raises(Unauthenticated):
        requested(session, account)
