"""Two changes of one record at once, and an allergy against the statement that there are none."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import eventlet
import pytest

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.execution.run import add_events
from chassis.persistence.database import Database, Session
from contracts.clinical.allergies import AddAllergy
from contracts.clinical.records import AddRecord, AmendRecord, RecordKind
from services.clinical.allergies import commands as allergies
from services.clinical.allergies.queries import current_allergies
from services.clinical.models.records import ClinicalRecord
from services.clinical.records import commands as records
from tests.calls import called
from tests.clinical.chart_factories import Chart, chart

Work = Callable[[Session], Any]


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show deadlocks instead of retrying."""
    monkeypatch.setattr(execution, "TRIES", 1)


@pytest.fixture
def ward(fresh: Database) -> Chart:
    with fresh.begin() as session:
        return chart(session)


def together(database: Database, *works: Work) -> list[Any]:
    """Do all works at the same time, each in its transaction. Return results, or codes of refusals."""

    def outcome(work: Work) -> Any:
        try:
            with database.begin() as session, called(session, if_match='"1"'):
                result = work(session)
                add_events(session)
                return result
        except MatronError as refusal:
            return refusal.code

    with eventlet.Timeout(30):
        return [thread.wait() for thread in [eventlet.spawn(outcome, work) for work in works]]


def amending(ward: Chart, record_id: Any, text: str) -> Work:
    command = AmendRecord(patient_id=ward.patient_id, record_id=record_id, text=text, reason="Typing error.")
    return lambda session: records.amend(session, ward.nurse, command)["version"]


def adding(ward: Chart, **facts: Any) -> Work:
    command = AddAllergy(patient_id=ward.patient_id, **facts)
    return lambda session: str(allergies.add(session, ward.nurse, command)["status"])


def test_slower_of_two_amendments_is_stale(fresh: Database, ward: Chart) -> None:
    with fresh.begin() as session:
        note = AddRecord(patient_id=ward.patient_id, kind=RecordKind.NURSING_NOTE, text="Wound is dry.")
        record_id = records.add(session, ward.nurse, note)["id"]
    outcomes = together(fresh, amending(ward, record_id, "one"), amending(ward, record_id, "two"))
    assert Counter(outcomes) == {2: 1, "stale": 1}
    with fresh.read() as session:
        rows = session.query(ClinicalRecord).filter_by(id=record_id).order_by(ClinicalRecord.version)
        assert [(row.version, row.superseded_by) for row in rows] == [(1, 2), (2, None)]


def test_statement_and_allergy_at_once_never_both_stand(fresh: Database, ward: Chart) -> None:
    statements = [adding(ward, no_known_allergies=True) for _time in range(5)]
    together(fresh, *statements, adding(ward, substance="latex"), *statements)
    with fresh.read() as session:
        found = current_allergies(session, ward.patient_id)
    assert ([one.substance for one in found.allergies], found.no_known_allergies) == (["latex"], False)


def test_statements_at_once_make_one_record(fresh: Database, ward: Chart) -> None:
    outcomes = together(fresh, *(adding(ward, no_known_allergies=True) for _time in range(5)))
    with fresh.read() as session:
        assert current_allergies(session, ward.patient_id).no_known_allergies
    assert outcomes == ["active"] * 5
