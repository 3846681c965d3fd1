"""Copies of the names of accounts."""

import pytest
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from services.clinical.directory.people import FORMER_STAFF, name_of, names_of
from tests.clinical.factories import erase, opened_account


def test_name_is_copied_from_an_account(session: Session) -> None:
    person_id = uuid7()
    opened_account(session, person_id, name="Lena Weiss")
    assert name_of(session, person_id) == "Lena Weiss"


@pytest.mark.parametrize(("later", "name"), [(2, "Lena Vogt"), (0, "Lena Weiss")])
def test_newest_name_wins_in_any_order(session: Session, later: int, name: str) -> None:
    person_id = uuid7()
    opened_account(session, person_id, name="Lena Weiss", sequence=1)
    opened_account(session, person_id, name="Lena Vogt", sequence=later)
    assert name_of(session, person_id) == name


def test_erased_name_is_replaced_for_ever(session: Session) -> None:
    person_id = uuid7()
    opened_account(session, person_id, name="Lena Weiss")
    erase(session, person_id)
    opened_account(session, person_id, name="Lena Weiss", sequence=9)
    assert name_of(session, person_id) == FORMER_STAFF


def test_unknown_people_have_no_name(session: Session) -> None:
    assert names_of(session, [uuid7(), None]) == {}
