"""The right to write visit notes, by role and relation to the patient."""

from typing import Any
from uuid import UUID

from chassis.persistence.database import Session
from contracts.clinical.records import AddRecord, AmendRecord, EnterRecordInError, RecordKind
from services.clinical.records import commands
from tests.clinical.chart_factories import FORBIDDEN, IN_CARE, Chart, chart, expected, outcomes

TEXTS = {"text": "Wound is dry.", "code": None}


def add(session: Session, ward: Chart, kind: RecordKind) -> UUID:
    command = AddRecord(patient_id=ward.patient_id, kind=kind, **TEXTS)
    record_id: Any = commands.add(session, ward.doctor, command)["id"]
    return UUID(str(record_id))


def test_doctors_in_care_and_nurses_write_notes(session: Session) -> None:
    ward, facts = chart(session), {"kind": RecordKind.NURSING_NOTE, "appointment_id": None, **TEXTS}
    assert outcomes(session, ward, AddRecord, commands.add, lambda: facts) == expected(*IN_CARE, "nurse")


def test_only_doctors_in_care_write_diagnoses(session: Session) -> None:
    ward, facts = chart(session), {"kind": RecordKind.DIAGNOSIS, "appointment_id": None, **TEXTS}
    assert outcomes(session, ward, AddRecord, commands.add, lambda: facts) == expected(*IN_CARE)


def test_doctors_in_care_and_nurses_amend_notes(session: Session) -> None:
    ward = chart(session)
    facts = {"record_id": add(session, ward, RecordKind.NURSING_NOTE), "reason": "Typing error.", **TEXTS}
    assert outcomes(session, ward, AmendRecord, commands.amend, lambda: facts) == expected(*IN_CARE, "nurse")


def test_only_doctors_in_care_amend_diagnoses(session: Session) -> None:
    ward = chart(session)
    facts = {"record_id": add(session, ward, RecordKind.DIAGNOSIS), "reason": "Typing error.", **TEXTS}
    found = outcomes(session, ward, AmendRecord, commands.amend, lambda: facts)
    assert found == expected(*IN_CARE)
    assert found["nurse"] == FORBIDDEN


def test_doctors_in_care_and_nurses_mark_notes_in_error(session: Session) -> None:
    ward = chart(session)

    def facts() -> dict[str, Any]:
        return {"record_id": add(session, ward, RecordKind.NURSING_NOTE), "reason": "Wrong patient."}

    found = outcomes(session, ward, EnterRecordInError, commands.enter_in_error, facts)
    assert found == expected(*IN_CARE, "nurse")
