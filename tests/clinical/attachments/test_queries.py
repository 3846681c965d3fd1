"""List attachments, and open one."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import MatronError, NotFound
from chassis.execution.run import add_events
from chassis.identity import check_right
from chassis.persistence.database import Session
from contracts.clinical.attachments import AttachmentStatus, ListAttachments, ListMyAttachments, OpenAttachment
from contracts.clinical.care import ChartPart
from services.clinical.attachments import queries
from services.clinical.models.care import ChartAccess
from tests.clinical import lab_factories as lab
from tests.clinical.attachment_factories import added, archived, reported
from tests.clinical.chart_factories import Chart, chart, expected, outcomes
from tests.clinical.factories import statements

CARERS = ("treating doctor", "assigned doctor", "doctor by break-glass", "nurse")


def opened(session: Session, people: Chart, attachment_id: UUID) -> dict[str, str]:
    """Open the file as each person."""
    found = {}
    for name, person in people.people.items():
        try:
            check_right(person, OpenAttachment)
            queries.open_one(session, person, OpenAttachment(attachment_id=attachment_id))
            found[name] = "allowed"
        except MatronError as refusal:
            found[name] = str(refusal.status)
    return found


def test_file_is_opened_by_patient_and_carers_only(session: Session) -> None:
    people = chart(session)
    found = opened(session, people, added(session, people.nurse, people.patient_id))
    hidden = {"other patient": "404", "lab technician": "404"}
    assert found == expected(*CARERS, "patient") | hidden


def test_report_stays_in_the_laboratory_until_its_values_are_verified(session: Session) -> None:
    people = chart(session)
    report_id, order_id = reported(session, people)
    hidden = dict.fromkeys((*CARERS, "patient", "other patient"), "404")
    assert opened(session, people, report_id) == expected("lab technician") | hidden
    assert listed(session, people) == []
    lab.verify(session, order_id)
    session.flush()
    found = opened(session, people, report_id)
    assert found == expected(*CARERS, "patient", "lab technician") | {"other patient": "404"}
    assert listed(session, people) == [report_id]


def listed(session: Session, people: Chart) -> list[UUID]:
    """Return the ids of the files that the patient sees."""
    query = ListMyAttachments(patient_id=people.patient_id, limit=20, cursor=None)
    return [row.id for row in queries.list_own(session, people.people["patient"], query).items]


def test_reading_by_staff_is_recorded_for_the_patient(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    for name in ("nurse", "patient"):
        queries.open_one(session, people.people[name], OpenAttachment(attachment_id=attachment_id))
    add_events(session)
    (reading,) = session.query(ChartAccess).where(ChartAccess.patient_id == people.patient_id)
    assert (reading.reader_id, reading.part) == (people.nurse.id, ChartPart.ATTACHMENTS)


def test_foreign_file_gets_the_refusal_of_an_unknown_id(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    for name in ("other doctor", "other patient", "lab technician"):
        with pytest.raises(NotFound) as foreign:
            queries.open_one(session, people.people[name], OpenAttachment(attachment_id=attachment_id))
        with pytest.raises(NotFound) as unknown:
            queries.open_one(session, people.people[name], OpenAttachment(attachment_id=uuid7()))
        assert (type(foreign.value), foreign.value.args) == (type(unknown.value), unknown.value.args)


def test_files_are_listed_for_carers_only(session: Session) -> None:
    asked = {"limit": 20, "cursor": None, "status": None}
    found = outcomes(session, chart(session), ListAttachments, queries.list_of_patient, lambda: asked)
    assert found == expected(*CARERS)


def test_files_are_listed_newest_first_in_their_current_versions(session: Session) -> None:
    people = chart(session)
    ids = [added(session, people.nurse, people.patient_id) for _ in range(3)]
    archived(session, people.nurse, ids[0])
    query = ListAttachments(patient_id=people.patient_id, limit=20, cursor=None, status=None)
    page = queries.list_of_patient(session, people.nurse, query)
    assert [(row.id, row.version, row.status) for row in page.items] == [
        (ids[2], 1, "active"),
        (ids[1], 1, "active"),
        (ids[0], 2, "archived"),
    ]


def test_files_are_filtered_by_status(session: Session) -> None:
    people = chart(session)
    ids = [added(session, people.nurse, people.patient_id) for _ in range(2)]
    archived(session, people.nurse, ids[0])
    query = ListAttachments(patient_id=people.patient_id, limit=20, cursor=None, status=AttachmentStatus.ACTIVE)
    assert [row.id for row in queries.list_of_patient(session, people.nurse, query).items] == [ids[1]]


def test_patient_lists_own_files_only(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    query = ListMyAttachments(patient_id=people.patient_id, limit=20, cursor=None)
    assert [row.id for row in queries.list_own(session, people.people["patient"], query).items] == [attachment_id]
    with pytest.raises(NotFound):
        queries.list_own(session, people.people["other patient"], query)


def test_page_of_files_takes_one_statement(session: Session) -> None:
    people = chart(session)
    for _ in range(5):
        added(session, people.nurse, people.patient_id)
    query = ListMyAttachments(patient_id=people.patient_id, limit=3, cursor=None)
    with statements(session) as sent:
        assert len(queries.list_own(session, people.people["patient"], query).items) == 3
    assert len(sent) == 1
