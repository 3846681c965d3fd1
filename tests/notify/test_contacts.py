"""Copies of contacts."""

from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.database import Session
from services.notify import contacts
from services.notify.models import Contact
from tests.notify.factories import heard


def _hear(session: Session, person: UUID, email: str, *, sequence: int) -> Contact:
    contacts.remember(session, heard(sequence=sequence), user_id=person, name="Asha Rao", email=email)
    return session.get_one(Contact, person, populate_existing=True)


def test_a_registered_person_can_be_reached(session: Session) -> None:
    known = _hear(session, uuid7(), "asha@example.org", sequence=1)
    assert (known.name, known.email) == ("Asha Rao", "asha@example.org")


def test_a_newer_address_replaces_the_copy(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "old@example.org", sequence=1)
    assert _hear(session, person, "new@example.org", sequence=2).email == "new@example.org"


def test_a_stale_address_changes_nothing(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "new@example.org", sequence=2)
    assert _hear(session, person, "old@example.org", sequence=1).email == "new@example.org"
