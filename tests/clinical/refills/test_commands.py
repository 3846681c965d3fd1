"""Patients ask for refills, and doctors decide."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound, NotYet
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.clinical.refills import RefillDecided, RefillRequested, RequestRefill
from services.clinical.models.prescriptions import PrescriptionEnd
from services.clinical.models.refills import RefillRequest
from services.clinical.refills import commands
from tests.clinical.factories import doctor, erase, in_care, patient, published
from tests.clinical.medicine_factories import add_allergy, override
from tests.clinical.pharmacy_factories import (
    Case,
    asked,
    case,
    decided,
    dispense,
    later,
    line,
    of_item,
    row,
    stocked,
)
from transports.engines import violated


def filled(session: Session, *, refills: int = 2, quantity: int = 21) -> Case:
    """Return a prescription of which this quantity was dispensed."""
    known = case(session, line(refills=refills))
    dispense(session, known.prescription_id, of_item(stocked(session), quantity))
    return known


def requested(session: Session, known: Case, **fields: Any) -> UUID:
    return UUID(str(asked(session, known, **fields)["id"]))


def status_of(session: Session, request_id: UUID) -> str:
    return session.get_one(RefillRequest, request_id, populate_existing=True).status


def test_patient_asks_for_a_refill(session: Session) -> None:
    known = filled(session)
    reply = asked(session, known, note="I travel on Monday.")
    assert (reply["status"], reply["note"], reply["doctor_id"]) == (
        "requested",
        "I travel on Monday.",
        known.doctor.person,
    )


def test_request_notifies_the_prescriber(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    assert published(session, RefillRequested) == [
        {
            "refill_id": request_id,
            "prescription_id": known.prescription_id,
            "patient_id": known.patient.person,
            "recipient_ids": [known.doctor.person],
        }
    ]


def test_request_needs_a_dispensed_fill(session: Session) -> None:
    known = case(session, line(refills=1))
    with pytest.raises(Conflict) as refused:
        asked(session, known)
    assert refused.value.code == "never_dispensed"


def test_request_needs_a_refill_that_is_left(session: Session) -> None:
    with pytest.raises(Conflict) as refused:
        asked(session, filled(session, refills=0))
    assert refused.value.code == "no_refills_left"


def test_request_needs_an_active_prescription(session: Session) -> None:
    known = filled(session)
    session.add(PrescriptionEnd(prescription_id=known.prescription_id, status="superseded", at=clock.now()))
    row(session, known.prescription_id).status = "superseded"
    with pytest.raises(Conflict) as refused:
        asked(session, known)
    assert refused.value.code == "prescription_ended"


def test_prescription_has_one_open_request(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    with pytest.raises(Conflict) as refused:
        asked(session, known)
    assert (refused.value.code, refused.value.facts) == ("refill_requested", {"request_id": str(request_id)})


def test_database_refuses_a_second_open_request(session: Session) -> None:
    known = filled(session)
    first = session.get_one(RefillRequest, requested(session, known))
    facts = {name: getattr(first, name) for name in ("prescription_id", "patient_id", "doctor_id", "status")}
    second = RefillRequest(id=uuid7(), requested_at=clock.now(), expires_at=clock.now(), **facts)
    session.add(second)
    with pytest.raises(IntegrityError) as refused:
        session.flush()
    assert "refill_request" in violated(refused.value)


def test_request_after_a_denial_is_possible(session: Session) -> None:
    known = filled(session)
    decided(session, known.doctor, requested(session, known), "deny", reason="Too early.")
    assert asked(session, known)["status"] == "requested"


def test_request_for_a_foreign_prescription_is_not_found(session: Session) -> None:
    known = filled(session)
    with pytest.raises(NotFound) as refused:
        asked(session, Case(known.doctor, patient(), known.prescription_id))
    assert refused.value.code == "not_found"


def test_request_in_the_name_of_another_patient_is_not_found(session: Session) -> None:
    known = filled(session)
    command = RequestRefill(prescription_id=known.prescription_id, patient_id=known.patient.person)
    with pytest.raises(NotFound) as refused:
        commands.ask(session, patient(), command)
    assert refused.value.code == "not_found"


def test_approval_renews_with_one_refill_less(session: Session) -> None:
    known = filled(session, refills=2)
    request_id = requested(session, known)
    reply = decided(session, known.doctor, request_id, "approve")
    new = row(session, UUID(reply["renewed_id"]))
    assert (reply["status"], reply["checks"]["findings"]) == ("approved", [])
    assert [(item.quantity, item.refills) for item in new.items] == [(21, 1)]
    assert (new.supersedes_id, new.doctor_id) == (known.prescription_id, known.doctor.person)
    assert row(session, known.prescription_id).status == "superseded"


def test_approved_fill_can_be_dispensed_at_once(session: Session) -> None:
    known = case(session, line(refills=1))
    item_id = stocked(session)
    dispense(session, known.prescription_id, of_item(item_id, 21))
    reply = decided(session, known.doctor, requested(session, known), "approve")
    again = dispense(session, UUID(reply["renewed_id"]), of_item(item_id, 21))
    assert [part["quantity"] for part in again["lines"]] == [21]


def test_approval_leaves_used_up_medicines_out(session: Session) -> None:
    known = case(session, line(refills=1), line("Paracetamol", quantity=10))
    drugs = stocked(session), stocked(session, name="Paracetamol", substance="paracetamol")
    dispense(session, known.prescription_id, of_item(drugs[0], 21), of_item(drugs[1], 10))
    reply = decided(session, known.doctor, requested(session, known), "approve")
    assert [item.medicine for item in row(session, UUID(reply["renewed_id"])).items] == ["Amoxicillin"]


def test_approval_publishes_the_new_prescription(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    reply = decided(session, known.doctor, request_id, "approve")
    assert published(session, RefillDecided) == [
        {
            "refill_id": request_id,
            "prescription_id": known.prescription_id,
            "patient_id": known.patient.person,
            "status": "approved",
            "renewed_id": UUID(reply["renewed_id"]),
            "recipient_ids": [],
        }
    ]
    assert published(session, PrescriptionAdded)[-1]["supersedes_id"] == known.prescription_id


def test_approval_with_a_blocking_finding_needs_an_override(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    add_allergy(session, known.patient.person, "amoxicillin")
    with pytest.raises(Conflict) as refused:
        decided(session, known.doctor, request_id, "approve")
    assert (refused.value.code, status_of(session, request_id)) == ("medication_findings", "requested")
    overrides = [override(found) for found in refused.value.facts["findings"]]
    assert decided(session, known.doctor, request_id, "approve", overrides=overrides)["status"] == "approved"


def test_denial_needs_a_reason(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    with pytest.raises(Invalid) as refused:
        decided(session, known.doctor, request_id, "deny")
    assert refused.value.code == "reason_required"
    assert (
        decided(session, known.doctor, request_id, "deny", reason="Blood test first.")["reason"] == "Blood test first."
    )


def test_visit_is_asked_for_without_a_new_prescription(session: Session) -> None:
    known = filled(session)
    reply = decided(session, known.doctor, requested(session, known), "needs_visit")
    assert (reply["status"], reply["renewed_id"], reply["checks"]) == ("needs_visit", None, None)
    assert row(session, known.prescription_id).status == "active"


def test_request_is_decided_once(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    decided(session, known.doctor, request_id, "approve")
    with pytest.raises(Conflict) as refused:
        decided(session, known.doctor, request_id, "deny", reason="Mistake.")
    assert (refused.value.code, refused.value.facts) == ("refill_decided", {"status": "approved"})


def test_prescriber_decides_after_care_has_ended(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    known = case(session, line(refills=2, days=60))
    dispense(session, known.prescription_id, of_item(stocked(session), 21))
    later(monkeypatch, days=40)
    assert decided(session, known.doctor, requested(session, known), "approve")["status"] == "approved"


def test_other_doctors_do_not_decide_while_the_prescriber_is_here(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    colleague, _person = in_care(session, patient_id=known.patient.person)
    for other in (colleague, doctor()):
        with pytest.raises(NotYet) as refused:
            decided(session, other, request_id, "approve")
        assert refused.value.code == "not_found"


def test_treating_doctor_decides_when_the_prescriber_has_left(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    colleague, _person = in_care(session, patient_id=known.patient.person)
    erase(session, known.doctor.person)
    reply = decided(session, colleague, request_id, "approve")
    assert row(session, UUID(reply["renewed_id"])).doctor_id == colleague.person
    assert published(session, RefillDecided)[-1]["status"] == "approved"


def test_other_doctors_never_decide_for_a_foreign_patient(session: Session) -> None:
    known = filled(session)
    request_id = requested(session, known)
    erase(session, known.doctor.person)
    with pytest.raises(NotYet) as refused:
        decided(session, doctor(), request_id, "approve")
    assert refused.value.code == "not_found"


def test_request_goes_to_treating_doctors_when_the_prescriber_has_left(session: Session) -> None:
    known = filled(session)
    colleague, _person = in_care(session, patient_id=known.patient.person)
    erase(session, known.doctor.person)
    asked(session, known)
    assert published(session, RefillRequested)[-1]["recipient_ids"] == [colleague.person]


def test_unknown_request_is_not_found(session: Session) -> None:
    with pytest.raises(NotYet) as refused:
        decided(session, doctor(), uuid7(), "approve")
    assert refused.value.code == "not_found"
