"""Lists of accounts."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.auth.accounts.administration import (
    ListDoctorAccounts,
    ListStaff,
    ListUsers,
)
from contracts.roles import STAFF, Role
from services.auth.accounts import administration
from tests.auth.admins import SOMEBODY, assign, deactivate, new_doctor
from tests.auth.factories import Clock, new_account
from tests.auth.stored import statements

ASKED: dict[str, Any] = {"status": None, "text": None, "limit": 100, "cursor": None}
ALL = {"role": None, **ASKED}


def ids_of(found: Any) -> set[UUID]:
    """The ids of the accounts of a page."""
    return {row.id for row in found.items}


def test_list_by_ids_omits_unknown_ids(session: Session) -> None:
    wanted = {new_account(session).id for _ in range(2)}
    new_account(session)
    found = administration.listing(session, SOMEBODY, ListUsers(role=None, ids=[*wanted, uuid7()], **ASKED))
    assert ids_of(found) == wanted


def test_lists_of_staff_and_doctors_are_filtered_by_ids(session: Session) -> None:
    nurse, doctor = new_account(session, roles=["nurse"]), new_doctor(session)
    asked = {**ASKED, "ids": [nurse.id, doctor.id]}
    assert ids_of(administration.list_staff(session, SOMEBODY, ListStaff(role=None, **asked))) == {nurse.id}
    assert ids_of(administration.list_doctors(session, SOMEBODY, ListDoctorAccounts(**asked))) == {doctor.id}


def listed(session: Session, **filters: Any) -> list[Any]:
    """The accounts of a page."""
    return administration.listing(session, SOMEBODY, ListUsers(**{**ALL, **filters})).items


def found(session: Session, text: str, **filters: Any) -> list[Any]:
    """The ids of the accounts that match a text."""
    return [row.id for row in listed(session, text=text, **filters)]


def test_accounts_are_listed_newest_first_in_pages(session: Session, clock: Clock) -> None:
    clock.advance(days=1)  # Newer than what other tests have left.
    made = []
    for _ in range(3):
        clock.advance(minutes=1)
        made.append(new_account(session).id)
    first = administration.listing(session, SOMEBODY, ListUsers(**{**ALL, "limit": 2}))
    second = administration.listing(session, SOMEBODY, ListUsers(**{**ALL, "limit": 2, "cursor": first.next}))
    assert [row.id for row in (*first.items, *second.items)][:3] == made[::-1]


def test_listed_account_has_its_roles(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"], name="Canary Two")
    assert [row.roles for row in listed(session, text="Canary Two")] == [["nurse", "patient"]]
    assign(session, account, "patient")
    assert [row.roles for row in listed(session, text="Canary Two")] == [["patient"]]


def test_lists_of_staff_and_doctors_are_separate(session: Session) -> None:
    given = {"name": "Canary Nine", "specialization": "cardiology"}
    made = {role: new_account(session, roles=sorted({role, Role.PATIENT}), **given).id for role in Role}
    asked: dict[str, Any] = {"status": None, "text": "Canary Nine", "limit": 100, "cursor": None}
    staff = administration.list_staff(session, SOMEBODY, ListStaff(role=None, **asked)).items
    assert {row.id for row in staff} == {made[role] for role in STAFF}
    nurses = administration.list_staff(session, SOMEBODY, ListStaff(role=Role.NURSE, **asked)).items
    assert [row.id for row in nurses] == [made[Role.NURSE]]
    assert [row.id for row in administration.list_doctors(session, SOMEBODY, ListDoctorAccounts(**asked)).items] == [
        made[Role.DOCTOR]
    ]


@pytest.mark.parametrize("limit", [1, 50])
def test_list_takes_two_statements_at_any_length(session: Session, limit: int) -> None:
    for _ in range(3):
        new_account(session)
    session.flush()
    with statements(session.get_bind()) as sent:
        listed(session, limit=limit)
    assert len(sent) == 2


def test_listed_doctor_has_a_specialization(session: Session) -> None:
    account = new_doctor(session, name="Canary Eight")
    asked: dict[str, Any] = {"status": None, "text": "Canary Eight", "limit": 100, "cursor": None}
    with statements(session.get_bind()) as sent:
        [row] = administration.list_doctors(session, SOMEBODY, ListDoctorAccounts(**asked)).items
    assert (row.id, row.specialization, len(sent)) == (account.id, "cardiology", 2)


def test_accounts_are_filtered_by_role_and_status(session: Session) -> None:
    nurse, idle = new_account(session, roles=["nurse"], name="Canary One"), new_account(session, name="Canary Two")
    deactivate(session, idle, nurse)
    assert found(session, "canary", role="nurse") == [nurse.id]
    assert found(session, "canary", status="deactivated") == [idle.id]


@pytest.mark.parametrize("text", ["CANARY", "canary w", "y@WARD.exa"])
def test_accounts_are_filtered_by_part_of_name_or_address(session: Session, text: str) -> None:
    account = new_account(session, name="Canary Ward", email="Canary@ward.example")
    new_account(session)
    assert found(session, text) == [account.id]


def test_wildcards_in_a_filter_are_plain_characters(session: Session) -> None:
    account = new_account(session, name="Canary 100%_sure")
    new_account(session, name="Canary 100 times sure")
    assert found(session, "0%_") == [account.id]
    assert found(session, "nary%sure") == []
