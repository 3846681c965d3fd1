"""Results: interpretation for the patient, parts of an order and outside laboratories."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.labs.commands import UploadLabTest
from contracts.clinical.labs.events import LabResultCritical, LabResultReady, LabTestsPerformed
from services.clinical.labs import results
from services.clinical.models.directory import Person
from tests.clinical import lab_factories as lab
from tests.clinical.attachment_factories import file
from tests.clinical.explained import explain_statements
from tests.clinical.factories import in_care, published, statements
from tests.clinical.lab_factories import HEMOGLOBIN, POTASSIUM, SODIUM, measured, technician


def _flag(session: Session, value: str, people: tuple[Actor, Actor]) -> str:
    order_id = lab.received(session, people)["id"]
    return str(lab.upload(session, order_id, measured(value=value))["results"][0]["flag"])


@pytest.mark.parametrize(
    ("value", "flag"),
    [("2.9", "critical_low"), ("3.2", "low"), ("4.1", "normal"), ("5.9", "high"), ("6.2", "critical_high")],
)
def test_result_is_flagged_for_the_patient(session: Session, value: str, flag: str) -> None:
    assert _flag(session, value, lab.adult(session)) == flag


def test_result_without_a_birth_date_has_no_range(session: Session) -> None:
    assert _flag(session, "4.1", in_care(session)) == "no_range"


def test_result_has_the_limits_of_its_range(session: Session) -> None:
    order_id = lab.received(session, lab.adult(session))["id"]
    (result,) = lab.upload(session, order_id)["results"]
    assert result["low"] < result["value"] < result["high"]


def test_results_come_in_parts(session: Session) -> None:
    placed = lab.received(session, None, POTASSIUM, SODIUM)
    first = lab.upload(session, placed["id"], measured(POTASSIUM))
    second = lab.upload(session, placed["id"], measured(SODIUM))
    assert (first["status"], second["status"]) == ("received", "resulted")


def test_second_result_of_a_test_is_refused(session: Session) -> None:
    order_id, _ = lab.resulted(session)
    with pytest.raises(Conflict) as refused:
        lab.upload(session, order_id)
    assert (refused.value.code, refused.value.facts["tests"]) == ("lab_results_exist", [POTASSIUM])


def test_result_is_refused_before_receipt(session: Session) -> None:
    placed = lab.order(session)
    lab.collect(session, placed["id"])
    with pytest.raises(Conflict, match="lab_not_received"):
        lab.upload(session, placed["id"])


def test_result_of_a_test_that_was_not_ordered_is_refused(session: Session) -> None:
    placed = lab.received(session)
    with pytest.raises(Conflict) as refused:
        lab.upload(session, placed["id"], measured(POTASSIUM), measured(SODIUM))
    assert (refused.value.code, refused.value.facts["tests"]) == ("tests_not_ordered", [SODIUM])


@pytest.mark.parametrize(("value", "unit", "code"), [("410", "mmol/L", "absurd_value"), ("4.1", "mg/dL", "wrong_unit")])
def test_impossible_value_is_refused(session: Session, value: str, unit: str, code: str) -> None:
    placed = lab.received(session)
    with pytest.raises(Invalid, match=code):
        lab.upload(session, placed["id"], measured(value=value, unit=unit))


def test_result_of_an_unknown_order_is_refused(session: Session) -> None:
    with pytest.raises(NotFound):
        lab.upload(session, uuid7())


def test_result_keeps_comment_and_report(session: Session) -> None:
    placed, report = lab.received(session), file()
    facts = {"results": [measured()], "comment": "Slightly icteric.", "report": report}
    command = UploadLabTest(order_id=placed["id"], patient_id=None, laboratory=None, collected_at=None, **facts)
    (result,) = results.upload(session, technician(), command)["results"]
    assert (result["comment"], result["report_id"]) == ("Slightly icteric.", report.id)


def test_unverified_result_is_not_published(session: Session) -> None:
    lab.resulted(session, "7.0", lab.adult(session))
    assert not published(session, LabResultReady) + published(session, LabResultCritical)


def test_outside_result_waits_for_verification(session: Session) -> None:
    _, person = lab.adult(session)
    stored = lab.upload_outside(session, person.person, clock.now() - timedelta(days=1))
    assert stored["status"] == "resulted"
    assert lab.verify(session, stored["order_id"])["laboratory"] == "Labor Nord"


def test_tests_of_an_outside_laboratory_are_not_charged(session: Session) -> None:
    _, person = lab.adult(session)
    stored = lab.upload_outside(session, person.person, clock.now() - timedelta(days=1))
    lab.verify(session, stored["order_id"])
    assert (len(published(session, LabResultReady)), published(session, LabTestsPerformed)) == (1, [])


def test_outside_result_of_an_unknown_patient_is_refused(session: Session) -> None:
    with pytest.raises(NotFound):
        lab.upload_outside(session, uuid7(), clock.now())


def test_outside_result_from_the_future_is_refused(session: Session) -> None:
    _, person = lab.adult(session)
    with pytest.raises(Invalid) as refused:
        lab.upload_outside(session, person.person, clock.now() + timedelta(hours=1))
    assert "collected_at" in refused.value.facts["errors"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "order_id"),
        ({"order_id": str(uuid7()), "patient_id": str(uuid7())}, "order_id"),
        ({"patient_id": str(uuid7()), "collected_at": "2026-11-01T09:00:00Z"}, "laboratory"),
        ({"order_id": str(uuid7()), "laboratory": "Labor Nord"}, "laboratory"),
    ],
)
def test_upload_names_an_order_or_an_outside_laboratory(fields: dict[str, str], wrong: str) -> None:
    values = [{"test": POTASSIUM, "value": 4.1, "unit": "mmol/L"}]
    with pytest.raises(Invalid) as refused:
        UploadLabTest.read({"results": values, **fields})
    assert wrong in refused.value.facts["errors"]


def test_large_change_since_the_last_result_is_a_delta(session: Session) -> None:
    people = lab.adult(session)
    lab.verified(session, "3.6", people)
    order_id = lab.received(session, people)["id"]
    (result,) = lab.upload(session, order_id, measured(value="5.9"))["results"]
    assert (result["delta"]["previous_value"], result["delta"]["change"]) == (Decimal("3.6"), Decimal("2.3"))


def test_unverified_result_is_no_former_value(session: Session) -> None:
    people = lab.adult(session)
    lab.resulted(session, "3.6", people)
    order_id = lab.received(session, people)["id"]
    assert lab.upload(session, order_id, measured(value="5.9"))["results"][0]["delta"] is None


def test_result_of_another_patient_is_no_former_value(session: Session) -> None:
    lab.verified(session, "3.6", lab.adult(session))
    order_id = lab.received(session, lab.adult(session))["id"]
    assert lab.upload(session, order_id, measured(value="5.9"))["results"][0]["delta"] is None


@pytest.mark.parametrize("codes", [(POTASSIUM,), (POTASSIUM, SODIUM, HEMOGLOBIN)])
def test_upload_reads_in_two_statements_for_any_number_of_tests(session: Session, codes: tuple[str, ...]) -> None:
    placed = lab.received_in_all_tubes(session, *codes)
    with statements(session) as sent:
        stored = lab.upload(session, placed["id"], *(measured(code) for code in codes))
    assert [result["test"] for result in stored["results"]] == list(codes)
    assert len([statement for statement in sent if statement.startswith("SELECT")]) == 2


def test_upload_finds_limits_and_former_values_by_index(session: Session) -> None:
    if not session.is_postgresql:
        pytest.skip("SQLite shows other plans")
    order_id = lab.received(session)["id"]
    session.execute(text("SET LOCAL enable_seqscan = off"))  # The tables are too small for an index to pay off.
    background = explain_statements(session, lambda: lab.upload(session, order_id))[1]
    assert "ix_lab_result_patient_id_code_observed_at" in background.plan
    assert "ix_critical_limit_patient_id_test" in background.plan


def test_upload_shows_the_name_of_the_technician(session: Session) -> None:
    actor = technician()
    session.execute(insert(Person), {"id": actor.person, "name": "Lena Vogt", "changed_by": 1})
    (result,) = lab.upload(session, lab.received(session)["id"], actor=actor)["results"]
    assert (result["author_name"], result["verifier_name"]) == ("Lena Vogt", None)
