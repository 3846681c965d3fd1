"""An erased patient leaves an id, a record number and no personal data."""

from uuid import UUID

import orjson
import pytest
from sqlalchemy import insert, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import NotFound
from chassis.execution.run import add_events
from chassis.persistence import tables
from chassis.persistence.database import Database, Session
from contracts.clinical.patients import GetPatient, UpdateMyProfile
from services.clinical.models.base import Base
from services.clinical.models.patients import Patient
from services.clinical.patients import commands, queries
from tests.clinical.factories import desk, erase, opened_account, patient, registered, searched

CANARY = ("asha", "rao", "+4930222222", "lindenweg", "mira", "1990")


def _erased(session: Session, person_id: UUID) -> Patient:
    erase(session, person_id)
    return session.get_one(Patient, person_id, populate_existing=True)


def _everything(session: Session) -> str:
    """Return all rows of the database as text."""
    found = [session.execute(select(table)).all() for base in (Base, tables) for table in base.metadata.sorted_tables]
    return orjson.dumps([[[*row] for row in rows] for rows in found], default=str).decode().lower()


def test_erasure_keeps_id_and_record_number(session: Session) -> None:
    known = registered(session)
    number, left = known.mrn, _erased(session, known.id)
    assert (left.id, left.mrn, left.name, left.sex) == (known.id, number, "", "unknown")


def test_erasure_leaves_no_personal_data_in_any_table(session: Session) -> None:
    known = registered(session)
    commands.update_own(
        session, patient(known.id), UpdateMyProfile(patient_id=known.id, phone="+4930222222", address=None)
    )
    add_events(session)
    session.published.clear()
    reply = {"is": {"id": str(known.id), "name": known.name}}
    key = {"actor": "desk", "command": "c", "key": "k", "fingerprint": "f", "created_at": clock.now()}
    session.execute(insert(tables.idempotency), {**key, "reply": reply})
    session.execute(update(tables.outbox).values(sequence=tables.outbox.c.position))
    session.execute(update(tables.relay).values(sent_through=2**30))
    assert all(word in _everything(session) for word in ("asha", "+4930222222"))
    _erased(session, known.id)
    assert [word for word in CANARY if word in _everything(session)] == []


def test_erased_patient_is_not_found(session: Session) -> None:
    known = registered(session)
    _erased(session, known.id)
    with pytest.raises(NotFound):
        queries.get(session, desk(), GetPatient(patient_id=known.id))
    with pytest.raises(NotFound):
        commands.update_own(session, patient(known.id), UpdateMyProfile(patient_id=known.id, phone="+4930222222"))


def test_late_event_does_not_fill_the_tombstone(session: Session) -> None:
    known = opened_account(session, uuid7())
    _erased(session, known.id)
    assert opened_account(session, known.id, sequence=9).name == ""


def test_unknown_patient_can_be_erased(session: Session) -> None:
    person_id = uuid7()
    assert _erased(session, person_id).erased_at is not None
    assert opened_account(session, person_id).email is None


def test_second_erasure_changes_nothing(session: Session) -> None:
    known = registered(session)
    first = _erased(session, known.id)
    before = (first.erased_at, first.revision)
    again = _erased(session, known.id)
    assert (again.erased_at, again.revision) == before


def test_erased_patient_is_no_duplicate(session: Session) -> None:
    known = registered(session)
    _erased(session, known.id)
    assert registered(session).mrn != known.mrn
    assert len(searched(session).items) == 1


def test_erasure_waits_for_unsent_events(fresh: Database) -> None:
    with fresh.begin() as session:
        known = registered(session)
        add_events(session)
    with pytest.raises(Exception, match="events_unsent"), fresh.begin() as session:
        erase(session, known.id)
    with fresh.read() as session:
        assert queries.get(session, desk(), GetPatient(patient_id=known.id)).name == "Asha Rao"
