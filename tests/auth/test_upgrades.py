"""Requests for roles: asked, listed, decided."""

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
from tests.auth.admins import statements
from tests.auth.factories import DOCTOR, Clock, acting, new_account, requested, said

ADMIN = Actor(id=uuid7(), roles=frozenset({"admin"}), verified=True)


def decide(
    session: Session,
    asked: UpgradeRequest,
    decision: Literal["approve", "reject"] = "approve",
    reason: str | None = None,
) -> None:
    """An admin decides."""
    upgrades.decide(session, ADMIN, DecideUpgrade(request_id=asked.id, decision=decision, reason=reason))


def test_asking_for_a_role_leaves_a_pending_request(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account, **DOCTOR)
    assert (asked.user_id, asked.status) == (account.id, "pending")
    assert said(session, UpgradeRequested) == [{"request_id": asked.id, "user_id": account.id, "role": "doctor"}]


def test_a_doctor_without_a_licence_is_not_heard(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        requested(session, new_account(session), **{**DOCTOR, "licence_number": None})
    assert list(refusal.value.facts["errors"]) == ["licence_number"]


def test_one_request_for_a_role_is_pending_at_a_time(session: Session) -> None:
    account = new_account(session)
    requested(session, account)
    with pytest.raises(Conflict) as refusal:
        requested(session, account)
    assert refusal.value.code == "already_pending"


def test_requests_for_two_roles_are_two(session: Session) -> None:
    account = new_account(session)
    assert requested(session, account).id != requested(session, account, role="pharmacist").id


def test_one_may_ask_again_after_a_rejection(session: Session) -> None:
    account = new_account(session)
    decide(session, requested(session, account), "reject", "No reference.")
    assert requested(session, account).status == "pending"


def test_a_role_that_one_has_is_not_asked_for(session: Session) -> None:
    with pytest.raises(Conflict) as refusal:
        requested(session, new_account(session, roles=[Role.NURSE]))
    assert refusal.value.code == "already_granted"


def test_approving_a_doctor_grants_the_role_and_tells_the_directory(session: Session) -> None:
    account = new_account(session, name="Dr Lena Weiss")
    asked = requested(session, account, **DOCTOR)
    decide(session, asked)
    assert asked.status == "approved"
    assert grants.roles_of(session, account.id) == ["doctor", "patient"]
    known = {"doctor_id": account.id, "name": "Dr Lena Weiss", "specialization": "cardiology"}
    assert said(session, DoctorApproved) == [known]
    assert said(session, RoleGranted) == [{"user_id": account.id, "role": "doctor"}]


def test_approving_a_nurse_tells_of_new_staff(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    decide(session, asked)
    assert said(session, StaffApproved) == [{"user_id": account.id, "role": "nurse"}]
    (event,) = said(session, UpgradeDecided)
    assert (event["request_id"], event["decision"]) == (asked.id, "approve")


def test_a_rejection_grants_nothing(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    decide(session, asked, "reject", "No reference.")
    assert (asked.status, asked.reason, asked.decided_by) == ("rejected", "No reference.", ADMIN.id)
    assert grants.roles_of(session, account.id) == ["patient"]
    assert [event["decision"] for event in said(session, UpgradeDecided)] == ["reject"]
    assert not said(session, RoleGranted)


def test_a_rejection_without_a_reason_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        decide(session, requested(session, new_account(session)), "reject")
    assert refusal.value.code == "reason_required"


def test_a_request_is_decided_once(session: Session) -> None:
    asked = requested(session, new_account(session))
    decide(session, asked)
    with pytest.raises(Conflict) as refusal:
        decide(session, asked, "reject", "Second thoughts.")
    assert refusal.value.code == "already_decided"


def test_nobody_decides_about_oneself(session: Session) -> None:
    admin = new_account(session, roles=[Role.ADMIN])
    asked = requested(session, admin)
    with pytest.raises(Forbidden) as refusal:
        upgrades.decide(
            session, acting(admin, Role.ADMIN), DecideUpgrade(request_id=asked.id, decision="approve", reason=None)
        )
    assert refusal.value.code == "own_request"


def test_a_deactivated_account_gets_no_role(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    account.status = "deactivated"
    with pytest.raises(Conflict) as refusal:
        decide(session, asked)
    assert refusal.value.code == "account_not_active"


def test_a_role_that_came_otherwise_is_not_granted_twice(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    grants.grant_role(session, account, "nurse", by=ADMIN.id)
    with pytest.raises(Conflict) as refusal:
        decide(session, asked)
    assert refusal.value.code == "already_granted"


def test_an_unknown_request_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        upgrades.decide(session, ADMIN, DecideUpgrade(request_id=uuid7(), decision="approve", reason=None))


def test_one_sees_only_ones_own_requests_newest_first(session: Session, clock: Clock) -> None:
    account, other = new_account(session), new_account(session)
    requested(session, other)
    first = requested(session, account)
    clock.advance(minutes=1)
    second = requested(session, account, role="pharmacist")
    page = upgrades.list_own(session, acting(account), ListMyUpgradeRequests(limit=20, cursor=None))
    assert [row.id for row in page.items] == [second.id, first.id]


def test_admins_see_requests_by_status_page_by_page(session: Session, clock: Clock) -> None:
    clock.advance(days=1)  # Newer than what other tests have left.
    waiting = [requested(session, new_account(session)) for _ in range(3)]
    decide(session, waiting.pop(0))
    first = upgrades.listing(session, ADMIN, ListUpgradeRequests(limit=1, cursor=None))
    second = upgrades.listing(session, ADMIN, ListUpgradeRequests(limit=1, cursor=first.next))
    assert [row.id for row in (*first.items, *second.items)] == [waiting[1].id, waiting[0].id]


def test_admins_see_who_asks_in_one_statement(session: Session, clock: Clock) -> None:
    clock.advance(days=2)  # Newer than what other tests have left.
    account = new_account(session, name="Noor Haddad")
    requested(session, account)
    session.flush()
    with statements(session) as sent:
        [row] = upgrades.listing(session, ADMIN, ListUpgradeRequests(limit=1, cursor=None)).items
    assert (row.user_id, row.name, row.email, len(sent)) == (account.id, "Noor Haddad", account.email, 1)


def test_one_may_take_ones_own_request_back(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    assert upgrades.withdraw(session, acting(account), WithdrawUpgrade(request_id=asked.id)).status == "withdrawn"
    assert requested(session, account).status == "pending"


def test_nobody_takes_somebody_elses_request_back(session: Session) -> None:
    asked = requested(session, new_account(session))
    with pytest.raises(NotFound):
        upgrades.withdraw(session, acting(new_account(session)), WithdrawUpgrade(request_id=asked.id))


def test_what_has_been_decided_is_not_taken_back(session: Session) -> None:
    account = new_account(session)
    asked = requested(session, account)
    decide(session, asked)
    with pytest.raises(Conflict) as refusal:
        upgrades.withdraw(session, acting(account), WithdrawUpgrade(request_id=asked.id))
    assert refusal.value.code == "already_decided"


def test_the_specialization_of_an_approved_doctor_is_kept_with_the_role(session: Session) -> None:
    account = new_account(session)
    decide(session, requested(session, account, **DOCTOR))
    assert [grant.specialization for grant in grants.in_force(session, account.id)] == ["cardiology", None]


def test_nobody_asks_for_a_role_after_having_been_erased(session: Session) -> None:
    account = new_account(session)
    account.erase()
    with pytest.raises(Unauthenticated):
        requested(session, account)
