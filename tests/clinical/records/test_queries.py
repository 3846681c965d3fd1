"""Read visit notes."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.contract import Page
from chassis.errors import NotFound
from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.records import AddRecord, EnterRecordInError, GetRecord, ListRecords, RecordKind
from services.clinical.models.care import ChartAccess
from services.clinical.records import commands, queries
from tests.clinical.chart_factories import IN_CARE, Chart, chart, expected, outcomes
from tests.clinical.factories import registered, statements


@pytest.fixture
def ward(session: Session) -> Chart:
    return chart(session)


def add(session: Session, ward: Chart, text: str, kind: RecordKind = RecordKind.DIAGNOSIS) -> UUID:
    command = AddRecord(patient_id=ward.patient_id, kind=kind, text=text)
    record_id: Any = commands.add(session, ward.doctor, command)["id"]
    return UUID(str(record_id))


def listed(session: Session, ward: Chart, **facts: Any) -> Page:
    query = ListRecords(patient_id=ward.patient_id, **{"kind": None, "limit": 20, "cursor": None, **facts})
    return queries.list_of_patient(session, ward.nurse, query)


def texts(page: Page) -> list[str]:
    return [one.text for one in page.items]


def test_records_are_listed_newest_first_page_by_page(session: Session, ward: Chart) -> None:
    for text in ("first", "second", "third"):
        add(session, ward, text)
    one = listed(session, ward, limit=2)
    two = listed(session, ward, limit=2, cursor=one.next)
    assert (texts(one), texts(two), two.next) == (["third", "second"], ["first"], None)


def test_list_has_only_the_kind_that_is_asked_for(session: Session, ward: Chart) -> None:
    add(session, ward, "diagnosis")
    add(session, ward, "treatment", RecordKind.TREATMENT)
    assert texts(listed(session, ward, kind=RecordKind.TREATMENT)) == ["treatment"]


def test_list_shows_a_struck_out_record_once(session: Session, ward: Chart) -> None:
    command = EnterRecordInError(patient_id=ward.patient_id, record_id=add(session, ward, "Asthma"), reason="Wrong.")
    commands.enter_in_error(session, ward.doctor, command)
    assert [(one.status, one.version) for one in listed(session, ward).items] == [("entered_in_error", 2)]


def test_list_has_no_record_of_another_patient(session: Session, ward: Chart) -> None:
    add(session, ward, "Asthma")
    other = registered(session, family_name="Berg", email=None).id
    assert listed(session, Chart(other, ward.people)).items == []


@pytest.mark.parametrize("count", [1, 5])
def test_list_takes_one_statement_besides_the_access(session: Session, ward: Chart, count: int) -> None:
    for number in range(count):
        add(session, ward, str(number))
    with statements(session) as sent:
        assert len(listed(session, ward).items) == count
    assert len([one for one in sent if "clinical_record" in one]) == 1
    assert len(sent) == 2


def test_record_of_another_patient_is_not_found(session: Session, ward: Chart) -> None:
    record_id, other = add(session, ward, "Asthma"), registered(session, family_name="Berg", email=None).id
    with pytest.raises(NotFound):
        queries.get(session, ward.nurse, GetRecord(patient_id=other, record_id=record_id))


def test_each_reading_is_recorded_for_the_patient(session: Session, ward: Chart) -> None:
    query = GetRecord(patient_id=ward.patient_id, record_id=add(session, ward, "Asthma"))
    queries.get(session, ward.doctor, query)
    listed(session, ward)
    add_events(session)
    rows = session.execute(select(ChartAccess.reader_id, ChartAccess.part, ChartAccess.basis)).all()
    assert set(rows) == {
        (ward.doctor.person, "records", "appointment"),
        (ward.nurse.person, "records", "nursing"),
    }


@pytest.mark.parametrize("query", [ListRecords, GetRecord])
def test_reading_runs_in_a_transaction_that_records_it(query: type[Any]) -> None:
    assert query.audited


def test_doctors_in_care_and_nurses_read_records(session: Session, ward: Chart) -> None:
    found = outcomes(session, ward, ListRecords, queries.list_of_patient, lambda: {"kind": None, "cursor": None})
    assert found == expected(*IN_CARE, "nurse")


def test_doctors_in_care_and_nurses_read_versions(session: Session, ward: Chart) -> None:
    facts = {"record_id": add(session, ward, "Asthma")}
    assert outcomes(session, ward, GetRecord, queries.get, lambda: facts) == expected(*IN_CARE, "nurse")


def test_nurse_does_not_read_an_unknown_patient(session: Session, ward: Chart) -> None:
    with pytest.raises(NotFound):
        listed(session, Chart(uuid7(), ward.people))
