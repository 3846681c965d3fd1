"""Copies of patients."""

from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.database import Session
from services.clinical import patients
from services.clinical.models import Patient
from tests.clinical.factories import heard


def _hear(session: Session, person: UUID, name: str, *, sequence: int) -> Patient:
    patients.remember(session, heard(sequence=sequence), user_id=person, name=name, email="asha@example.org")
    return session.get_one(Patient, person, populate_existing=True)


def test_a_registered_person_is_remembered(session: Session) -> None:
    known = _hear(session, uuid7(), "Asha Rao", sequence=1)
    assert (known.name, known.email) == ("Asha Rao", "asha@example.org")


def test_a_newer_event_replaces_the_copy(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "Asha", sequence=1)
    assert _hear(session, person, "Asha Rao", sequence=2).name == "Asha Rao"


def test_a_stale_event_changes_nothing(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "Asha Rao", sequence=2)
    assert _hear(session, person, "Asha", sequence=1).name == "Asha Rao"
