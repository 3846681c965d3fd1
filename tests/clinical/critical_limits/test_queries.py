"""The list of a patient's critical limits."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import NotYet
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import ChartPart
from contracts.clinical.critical_limits import CriticalLimitView, ListCriticalLimits
from services.clinical.critical_limits import queries
from services.clinical.models.care import ChartAccess
from tests.clinical.critical_factories import Clock, ended, limited
from tests.clinical.factories import doctor, in_care, nurse, registered


def _listed(session: Session, actor: Actor, patient_id: Any) -> list[Any]:
    page = queries.list_of_patient(session, actor, ListCriticalLimits(patient_id=patient_id, limit=20, cursor=None))
    return [CriticalLimitView.dump_one(row) for row in page.items]


def test_list_shows_each_limit_in_its_state(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    moved, people = Clock(monkeypatch), in_care(session)
    limited(session, people, moved.at + timedelta(minutes=5))
    moved.pass_minutes(6)
    ended(session, people, limited(session, people)["id"])
    limited(session, people)
    found = [(row["status"], row["high"], row["version"]) for row in _listed(session, people[0], people[1].person)]
    assert found == [("active", 7.0, 1), ("ended", 7.0, 2), ("expired", 7.0, 1)]


def test_doctor_without_care_does_not_see_the_list(session: Session) -> None:
    with pytest.raises(NotYet):
        _listed(session, doctor(), in_care(session)[1].person)


def test_nurse_reads_the_list_and_the_reading_is_recorded(session: Session) -> None:
    reader, person = nurse(), registered(session)
    assert _listed(session, reader, person.id) == []
    add_events(session)
    assert [(row.reader_id, row.part) for row in session.query(ChartAccess)] == [(reader.person, ChartPart.LABS)]
