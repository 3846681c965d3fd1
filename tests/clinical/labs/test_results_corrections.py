"""Corrections: a new version of a result, which notifies again if the value had left the laboratory."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from chassis.persistence.database import Session
from contracts.clinical.labs.commands import RejectSpecimen
from contracts.clinical.labs.events import LabResultCorrected, LabResultCritical
from services.clinical.labs import commands
from services.clinical.models.history import HistoryEntry
from services.clinical.models.labs import LabResult
from tests.calls import called
from tests.clinical import lab_factories as lab
from tests.clinical.factories import in_care, published
from tests.clinical.lab_factories import technician


def test_correction_is_a_new_version_with_its_reason(session: Session) -> None:
    _, result_id = lab.verified(session)
    corrected = lab.correct(session, result_id, "4.4")
    assert (corrected["id"], corrected["version"], corrected["status"]) == (result_id, 3, "corrected")
    assert (corrected["value"], corrected["reason"]) == (Decimal("4.4"), "Typing error.")


def test_correction_keeps_the_former_version(session: Session) -> None:
    _, result_id = lab.verified(session)
    lab.correct(session, result_id, "4.4")
    values = session.scalars(select(LabResult.value).where(LabResult.id == result_id).order_by(LabResult.version))
    assert list(values) == [Decimal("4.1"), Decimal("4.1"), Decimal("4.4")]


def test_correction_notifies_patient_and_doctor_again(session: Session) -> None:
    physician, person = people = in_care(session)
    _, result_id = lab.verified(session, people=people)
    lab.correct(session, result_id)
    (event,) = published(session, LabResultCorrected)
    assert (event["doctor_id"], event["patient_id"], event["version"]) == (physician.person, person.person, 3)


def test_correction_enters_the_history_as_another_version(session: Session) -> None:
    _, result_id = lab.verified(session)
    lab.correct(session, result_id)
    entries = [row for table, row in session.appended if table.name == HistoryEntry.__tablename__]
    assert [row["version"] for row in entries if row["record_id"] == result_id] == [2, 3]


def test_critical_correction_is_published(session: Session) -> None:
    _, result_id = lab.verified(session, "6.0", lab.adult(session))
    lab.correct(session, result_id, "6.6")
    assert [(event["result_id"], event["version"]) for event in published(session, LabResultCritical)] == [
        (result_id, 3)
    ]


def test_correction_before_verification_notifies_nobody(session: Session) -> None:
    _, result_id = lab.resulted(session)
    assert lab.correct(session, result_id)["status"] == "resulted"
    assert published(session, LabResultCorrected) == []


def test_correction_of_an_older_version_is_stale(session: Session) -> None:
    _, result_id = lab.verified(session)
    with called(session, if_match='"1"'), pytest.raises(Stale):
        lab.correct(session, result_id)


def test_correction_of_an_impossible_value_is_refused(session: Session) -> None:
    _, result_id = lab.verified(session)
    with pytest.raises(Invalid, match="absurd_value"):
        lab.correct(session, result_id, "440")


def test_correction_of_an_unknown_result_is_refused(session: Session) -> None:
    with pytest.raises(NotFound):
        lab.correct(session, uuid7())


def test_correction_needs_a_second_technician_where_two_are_required(session: Session, two_persons: None) -> None:
    actor = technician()
    order_id = lab.received(session)["id"]
    result_id = lab.upload(session, order_id, actor=actor)["results"][0]["id"]
    with pytest.raises(Forbidden, match="second_technician_required"):
        lab.correct(session, result_id, actor=actor)


def test_withdrawn_result_cannot_be_corrected(session: Session) -> None:
    order_id, result_id = lab.resulted(session)
    command = RejectSpecimen(order_id=order_id, reason="Haemolysed.", accession=None)
    commands.reject(session, technician(), command)
    session.flush()
    with pytest.raises(Conflict, match="lab_result_withdrawn"):
        lab.correct(session, result_id)
