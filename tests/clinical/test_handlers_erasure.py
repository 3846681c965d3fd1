"""An erased patient leaves an id, a record number, and nothing that says who it was."""

import orjson
import pytest
from sqlalchemy import insert, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import NotFound
from chassis.execution.run import add_events
from chassis.persistence import tables
from chassis.persistence.database import Database, Session
from contracts.auth.events import UserErased
from contracts.clinical.patients import GetPatient, UpdateMyProfile
from services.clinical import patients
from services.clinical.models.base import Base
from services.clinical.models.patients import Patient
from tests.clinical.factories import desk, heard, opened_account, patient, registered, searched
from tests.events import example_of

CANARY = ("asha", "rao", "+4930222222", "lindenweg", "mira", "1990")


def _forgotten(session: Session, person_id: object) -> Patient:
    patients.forget(session, heard(session, "user_erased"), example_of(UserErased, user_id=person_id))  # type: ignore[arg-type]
    session.flush()
    return session.get_one(Patient, person_id, populate_existing=True)


def _everything(session: Session) -> str:
    """All that the database holds, as text."""
    found = [session.execute(select(table)).all() for base in (Base, tables) for table in base.metadata.sorted_tables]
    return orjson.dumps([[[*row] for row in rows] for rows in found], default=str).decode().lower()


def test_id_and_record_number_stay(session: Session) -> None:
    known = registered(session)
    number, left = known.mrn, _forgotten(session, known.id)
    assert (left.id, left.mrn, left.name, left.sex) == (known.id, number, "", "unknown")


def test_no_personal_fact_is_left_in_any_table(session: Session) -> None:
    known = registered(session)
    patients.update_own(
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
    _forgotten(session, known.id)
    assert [word for word in CANARY if word in _everything(session)] == []


def test_an_erased_patient_is_nobody(session: Session) -> None:
    known = registered(session)
    _forgotten(session, known.id)
    with pytest.raises(NotFound):
        patients.get(session, desk(), GetPatient(patient_id=known.id))
    with pytest.raises(NotFound):
        patients.update_own(session, patient(known.id), UpdateMyProfile(patient_id=known.id, phone="+4930222222"))


def test_a_late_event_does_not_fill_the_tombstone_again(session: Session) -> None:
    known = opened_account(session, uuid7())
    _forgotten(session, known.id)
    assert opened_account(session, known.id, sequence=9).name == ""


def test_a_patient_can_be_erased_before_having_been_heard_of(session: Session) -> None:
    person_id = uuid7()
    assert _forgotten(session, person_id).erased_at is not None
    assert opened_account(session, person_id).email is None


def test_being_erased_twice_changes_nothing(session: Session) -> None:
    known = registered(session)
    first = _forgotten(session, known.id)
    before = (first.erased_at, first.revision)
    again = _forgotten(session, known.id)
    assert (again.erased_at, again.revision) == before


def test_the_next_of_that_name_is_no_double(session: Session) -> None:
    known = registered(session)
    _forgotten(session, known.id)
    assert registered(session).mrn != known.mrn
    assert len(searched(session).items) == 1


def test_an_erasure_is_not_undone_by_the_events_that_are_still_to_be_sent(fresh: Database) -> None:
    with fresh.begin() as session:
        known = registered(session)
        add_events(session)
    with pytest.raises(Exception, match="events_unsent"), fresh.begin() as session:
        patients.forget(session, heard(session, "user_erased"), example_of(UserErased, user_id=known.id))
    with fresh.read() as session:
        assert patients.get(session, desk(), GetPatient(patient_id=known.id)).name == "Asha Rao"
