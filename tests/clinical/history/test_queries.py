"""Reading the history of a patient."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import NotFound
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import ChartPart
from contracts.clinical.history import GetHistoryOfPatient, GetMyHistory, HistoryKind
from services.clinical.history import queries
from services.clinical.history.entries import Entry, record
from services.clinical.models.history import HistoryEntry
from tests.clinical.care_steps import name
from tests.clinical.factories import doctor, in_care, patient, statements


def enter(session: Session, person: Actor, author: Actor | None = None, **facts: Any) -> UUID:
    """Record an entry; return the id of its record."""
    given = {"kind": HistoryKind.DIAGNOSIS, "record_id": uuid7(), "title": "Asthma", **facts}
    record(session, author or doctor(), Entry(patient_id=person.person, **given))
    add_events(session)
    session.appended.clear()
    record_id: UUID = given["record_id"]
    return record_id


def own(session: Session, person: Actor, **filters: Any) -> list[dict[str, Any]]:
    """Return the patient's own history."""
    return queries.of_own(session, person, GetMyHistory(patient_id=person.person, **filters)).items


def test_history_is_listed_newest_first(session: Session) -> None:
    person = patient()
    made = [enter(session, person) for _number in range(3)]
    assert [row["id"] for row in own(session, person)] == made[::-1]


def test_entry_names_its_author(session: Session) -> None:
    physician, person = doctor(), patient()
    name(session, physician, "Dr Lena Weiss")
    enter(session, person, physician)
    assert [row["author_name"] for row in own(session, person)] == ["Dr Lena Weiss"]


def test_every_version_is_shown_and_only_the_last_is_current(session: Session) -> None:
    person = patient()
    record_id = enter(session, person)
    enter(session, person, record_id=record_id, version=2, title="Bronchitis")
    assert [(row["version"], row["is_current"]) for row in own(session, person)] == [(2, True), (1, False)]


def test_history_is_filtered_by_kinds(session: Session) -> None:
    person = patient()
    enter(session, person)
    vitals = enter(session, person, kind=HistoryKind.VITALS)
    assert [row["id"] for row in own(session, person, kind=["vitals", "lab_result"])] == [vitals]


def test_history_is_filtered_by_time(session: Session) -> None:
    person = patient()
    enter(session, person)
    assert own(session, person, to=clock.now() - timedelta(hours=1)) == []
    assert len(own(session, person, from_=clock.now() - timedelta(hours=1))) == 1


def test_history_of_another_patient_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        queries.of_own(session, patient(), GetMyHistory(patient_id=patient().person))


def test_treating_doctor_reads_the_history_on_record(session: Session) -> None:
    physician, person = in_care(session)
    enter(session, person)
    found = queries.of_patient(session, physician, GetHistoryOfPatient(patient_id=person.person))
    assert len(found.items) == 1
    assert [values["part"] for _table, values in session.appended] == [ChartPart.SUMMARY]


def test_doctor_without_care_reads_no_history(session: Session) -> None:
    _physician, person = in_care(session)
    with pytest.raises(NotFound):
        queries.of_patient(session, doctor(), GetHistoryOfPatient(patient_id=person.person))


@pytest.fixture
def long_history(session: Session) -> Actor:
    """A patient with 10,000 entries."""
    person = patient()
    entry = {"patient_id": person.person, "kind": "vitals", "version": 1, "title": "Vital signs", "details": {}}
    times = [clock.now() - timedelta(minutes=number) for number in range(10_000)]
    ids = [(uuid7(), uuid7()) for _time in times]
    rows = [{"id": one, "record_id": other, "at": at, **entry} for (one, other), at in zip(ids, times, strict=True)]
    session.execute(insert(HistoryEntry), rows)
    return person


def test_page_of_a_long_history_takes_one_statement(session: Session, long_history: Actor) -> None:
    with statements(session) as sent:
        found = own(session, long_history, limit=50)
    assert len(found) == 50
    assert len(sent) == 1
