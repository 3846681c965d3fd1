"""Concurrent changes: unique record numbers, no duplicate registrations, no lost update."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import eventlet
import pytest
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.clinical.patients import UpdateMyProfile
from services.clinical.models.patients import Patient, RecordNumber
from services.clinical.patients import commands
from tests.calls import called
from tests.clinical.factories import erase, opened_account, registered
from tests.hospital import eventually

THREADS = 30


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show deadlocks instead of retrying."""
    monkeypatch.setattr(execution, "TRIES", 1)


def _outcome(database: Database, work: Callable[[Session], Any]) -> Any:
    """Run the work in a new transaction. Return its result, or the code of its refusal."""
    try:
        with database.begin() as session:
            return work(session)
    except MatronError as refusal:
        return refusal.code


def _together(database: Database, *works: Callable[[Session], Any]) -> list[Any]:
    """Run all works at the same time in green threads."""
    with eventlet.Timeout(30):
        return [thread.wait() for thread in [eventlet.spawn(_outcome, database, work) for work in works]]


def _patients(database: Database) -> list[Patient]:
    with database.read() as session:
        return list(session.scalars(select(Patient)))


def _named(number: int) -> Callable[[Session], str]:
    return lambda session: registered(session, family_name=f"Rao {number}", email=None).mrn


def test_concurrent_registrations_get_different_record_numbers(fresh: Database) -> None:
    numbers = _together(fresh, *(_named(number) for number in range(THREADS)))
    assert len(set(numbers)) == THREADS
    assert {known.mrn for known in _patients(fresh)} == set(numbers)


def test_record_number_is_unique_after_failed_registrations(fresh: Database) -> None:
    def refused(session: Session) -> None:
        registered(session)
        raise MatronError("no", "")

    _together(fresh, *(refused for _ in range(5)), *(_named(number) for number in range(5)))
    assert len({known.mrn for known in _patients(fresh)}) == 5


@pytest.mark.parametrize("facts", [{"email": None}, {"given_name": None}], ids=["name and birth date", "address"])
def test_concurrent_registrations_of_one_person_register_once(fresh: Database, facts: dict[str, Any]) -> None:
    works = [lambda session: registered(session, **facts).name for _ in range(THREADS)]
    outcomes = Counter(_together(fresh, *works))
    assert outcomes["probable_duplicate"] == THREADS - 1
    assert len(_patients(fresh)) == 1


def test_concurrent_events_about_one_person_make_one_record(fresh: Database) -> None:
    person_id = uuid7()

    def copy(sequence: int) -> Callable[[Session], Any]:
        return lambda session: opened_account(session, person_id, name=f"Name {sequence}", sequence=sequence).mrn

    _together(fresh, *(copy(sequence) for sequence in range(1, 11)))
    (known,) = _patients(fresh)
    assert (known.name, known.changed_by) == ("Name 10", 10)
    with fresh.read() as session:
        assert session.scalars(select(RecordNumber.number).where(RecordNumber.patient_id == person_id)).first()


def test_concurrent_erasure_and_registration_leave_a_tombstone(fresh: Database) -> None:
    def both(person_id: UUID) -> tuple[Callable[[Session], Any], Callable[[Session], Any]]:
        return (
            lambda session: opened_account(session, person_id).mrn,
            lambda session: erase(session, person_id),
        )

    _together(fresh, *(work for _time in range(10) for work in both(uuid7())))
    assert [(known.name, known.erased_at is None) for known in _patients(fresh)] == [("", False)] * 10


def _behind(database: Database, first: Callable[[Session], Any], second: Callable[[Session], Any]) -> Any:
    """Start the second work just before the first commits. Return the outcome of the second."""
    with database.begin() as session:
        first(session)
        session.flush()
        thread = eventlet.spawn(_outcome, database, second)
        if session.is_postgresql:
            eventually(lambda: _lock_waiters(database))
    with eventlet.Timeout(30):
        return thread.wait()


def _lock_waiters(database: Database) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.read() as session:
        return int(session.execute(text(query)).scalar_one())


def test_second_concurrent_change_of_a_revision_is_stale(fresh: Database) -> None:
    with fresh.begin() as session:
        known = registered(session)

    def change(phone: str) -> Callable[[Session], Any]:
        actor, command = Actor(id=known.id), UpdateMyProfile(patient_id=known.id, phone=phone)

        def work(session: Session) -> int:
            with called(session, if_match='"1"'):
                return commands.update_own(session, actor, command).revision

        return work

    assert _behind(fresh, change("+49301234567"), change("+49307654321")) == "stale"
    assert [(one.phone, one.revision) for one in _patients(fresh)] == [("+49301234567", 2)]


def test_concurrent_stale_event_changes_nothing(fresh: Database) -> None:
    person_id = uuid7()

    def copy(sequence: int) -> Callable[[Session], Any]:
        return lambda session: opened_account(session, person_id, name=f"Name {sequence}", sequence=sequence).mrn

    with fresh.begin() as session:
        copy(1)(session)
    _behind(fresh, copy(3), copy(2))
    assert [(one.name, one.changed_by) for one in _patients(fresh)] == [("Name 3", 3)]
