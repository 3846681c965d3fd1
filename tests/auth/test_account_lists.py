"""Lists of accounts that are narrowed to the accounts of certain ids."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.auth.accounts.administration import ListDoctorAccounts, ListStaff, ListUsers
from services.auth.accounts import administration
from tests.auth.admins import SOMEBODY, new_doctor
from tests.auth.factories import new_account

ASKED: dict[str, Any] = {"status": None, "text": None, "limit": 100, "cursor": None}


def ids_of(found: Any) -> set[UUID]:
    """The ids of the accounts of a page."""
    return {row["id"] for row in found.items}


def test_accounts_are_found_by_their_ids_and_unknown_ids_find_nothing(session: Session) -> None:
    wanted = {new_account(session).id for _ in range(2)}
    new_account(session)
    found = administration.listing(session, SOMEBODY, ListUsers(role=None, ids=[*wanted, uuid7()], **ASKED))
    assert ids_of(found) == wanted


def test_ids_narrow_the_lists_of_staff_and_of_doctors(session: Session) -> None:
    nurse, doctor = new_account(session, roles=["nurse"]), new_doctor(session)
    asked = {**ASKED, "ids": [nurse.id, doctor.id]}
    assert ids_of(administration.of_staff(session, SOMEBODY, ListStaff(role=None, **asked))) == {nurse.id}
    assert ids_of(administration.of_doctors(session, SOMEBODY, ListDoctorAccounts(**asked))) == {doctor.id}
