"""Copies of staff roles: the last event about a person counts, in any order of delivery."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.auth.events import DoctorApproved, RoleRevoked, StaffApproved, UserDeactivated
from contracts.roles import Role
from services.clinical.directory import staff
from tests.clinical.factories import erase, heard
from tests.clinical.vitals_factories import employed
from tests.events import example_of

PERSON = uuid7()


def approve(session: Session, sequence: int, role: str = "nurse") -> None:
    """Deliver the approval of a role."""
    event = example_of(StaffApproved, user_id=PERSON, role=role)
    staff.on_staff_approved(session, heard(session, "staff_approved", sequence=sequence), event)


def revoke(session: Session, sequence: int, role: str = "nurse") -> None:
    """Deliver the loss of a role."""
    event = example_of(RoleRevoked, user_id=PERSON, role=role)
    staff.on_role_revoked(session, heard(session, "role_revoked", sequence=sequence), event)


def deactivate(session: Session, sequence: int) -> None:
    """Deliver the deactivation of the account."""
    event = example_of(UserDeactivated, user_id=PERSON)
    staff.on_user_deactivated(session, heard(session, "user_deactivated", sequence=sequence), event)


def test_approved_nurse_is_a_nurse(session: Session) -> None:
    approve(session, 1)
    assert staff.with_role(session, Role.NURSE) == [PERSON]


@pytest.mark.parametrize("role", ["receptionist", "doctor"])
def test_other_role_makes_no_nurse(session: Session, role: str) -> None:
    approve(session, 1, role)
    assert staff.with_role(session, Role.NURSE) == []


@pytest.mark.parametrize("leave", [revoke, deactivate], ids=lambda leave: leave.__name__)
@pytest.mark.parametrize(("order", "is_nurse"), [((1, 2), False), ((2, 1), True)])
def test_last_event_counts_in_any_order(
    session: Session,
    leave: object,
    order: Sequence[int],
    is_nurse: bool,  # noqa: FBT001  a parameter
) -> None:
    approve(session, order[0])
    leave(session, order[1])  # type: ignore[operator]  # each is a function
    assert (staff.with_role(session, Role.NURSE) == [PERSON]) == is_nurse


def test_loss_of_another_role_is_followed_by_an_approval(session: Session) -> None:
    approve(session, 1)
    revoke(session, 2, "receptionist")
    approve(session, 3)
    assert staff.with_role(session, Role.NURSE) == [PERSON]


def test_loss_of_the_role_of_doctor_changes_nothing(session: Session) -> None:
    approve(session, 1)
    revoke(session, 2, "doctor")
    assert staff.with_role(session, Role.NURSE) == [PERSON]


def test_erased_nurse_is_no_nurse(session: Session) -> None:
    person_id = employed(session, sequence=0)
    erase(session, person_id)
    assert staff.with_role(session, Role.NURSE) == []


def test_staff_is_listed_by_role(session: Session) -> None:
    employed(session, role="nurse")
    pharmacist_id = employed(session, role="pharmacist")
    assert staff.with_role(session, Role.PHARMACIST) == [pharmacist_id]


def _is_former(session: Session) -> bool:
    return bool(session.scalar(select(staff.is_former_doctor(PERSON))))


def _approve_doctor(session: Session, sequence: int) -> None:
    event = example_of(DoctorApproved, doctor_id=PERSON)
    staff.on_doctor_approved(session, heard(session, "doctor_approved", sequence=sequence), event)


def test_unknown_person_is_no_former_doctor(session: Session) -> None:
    assert not _is_former(session)


@pytest.mark.parametrize("leave", [revoke, deactivate], ids=lambda leave: leave.__name__)
@pytest.mark.parametrize(("order", "is_former"), [((1, 2), True), ((2, 1), False)])
def test_last_event_about_a_doctor_counts(
    session: Session,
    leave: Callable[..., None],
    order: Sequence[int],
    is_former: bool,  # noqa: FBT001  a parameter
) -> None:
    _approve_doctor(session, order[0])
    leave(session, order[1], *(["doctor"] if leave is revoke else []))
    assert _is_former(session) == is_former


def test_loss_of_a_staff_role_makes_no_former_doctor(session: Session) -> None:
    revoke(session, 1, "nurse")
    assert not _is_former(session)


def test_erased_doctor_is_a_former_doctor(session: Session) -> None:
    erase(session, PERSON)
    assert _is_former(session)
