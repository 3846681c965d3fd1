"""Doctors revise, renew and discontinue prescriptions."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotYet
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import (
    Discontinue,
    PrescriptionAdded,
    PrescriptionDiscontinued,
    PrescriptionItemView,
    Renew,
    Revise,
)
from services.clinical.models.history import HistoryEntry
from services.clinical.models.medicines import MedicationCheck
from services.clinical.models.prescriptions import PrescriptionEnd
from services.clinical.models.refills import RefillDecisionRow, RefillRequest
from services.clinical.prescriptions import commands
from tests.clinical.factories import doctor, published
from tests.clinical.medicine_factories import override
from tests.clinical.pharmacy_factories import (
    Case,
    asked,
    case,
    dispense,
    line,
    of_item,
    ordered,
    row,
    settle,
    stocked,
)

Change = Callable[[Session, Actor, UUID], dict[str, Any]]


def revised(session: Session, actor: Actor, prescription_id: UUID, *lines: PrescriptionItemView) -> dict[str, Any]:
    command = Revise(
        prescription_id=prescription_id, items=list(lines) or [line(quantity=10)], instructions="At night."
    )
    return _reply(session, Revise.reply(commands.revise(session, actor, command)))


def renewed(session: Session, actor: Actor, prescription_id: UUID, **fields: Any) -> dict[str, Any]:
    command = Renew(prescription_id=prescription_id, **fields)
    return _reply(session, Renew.reply(commands.renew(session, actor, command)))


def discontinued(session: Session, actor: Actor, prescription_id: UUID) -> dict[str, Any]:
    command = Discontinue(prescription_id=prescription_id, reason="Rash.")
    return _reply(session, Discontinue.reply(commands.discontinue(session, actor, command)))


def _reply(session: Session, reply: dict[str, Any] | None) -> dict[str, Any]:
    settle(session)
    assert reply is not None
    return reply


CHANGES: list[Change] = [revised, renewed, discontinued]


def with_request(session: Session) -> tuple[Case, UUID]:
    """Return a prescription with a dispensed fill, a refill left and an open refill request."""
    known = case(session, line(refills=1))
    dispense(session, known.prescription_id, of_item(stocked(session), 21))
    return known, UUID(str(asked(session, known)["id"]))


def test_revision_supersedes_the_former_prescription(session: Session) -> None:
    known = case(session)
    reply = revised(session, known.doctor, known.prescription_id)
    assert (reply["supersedes_id"], reply["status"], reply["instructions"]) == (
        str(known.prescription_id),
        "active",
        "At night.",
    )
    former = row(session, known.prescription_id)
    assert (former.status, former.ended_at) == ("superseded", former.end.at if former.end else None)


def test_former_items_are_never_edited(session: Session) -> None:
    known = case(session)
    revised(session, known.doctor, known.prescription_id)
    assert [item.quantity for item in row(session, known.prescription_id).items] == [21]


def test_revision_is_checked_without_the_former_prescription(session: Session) -> None:
    known = case(session)
    assert revised(session, known.doctor, known.prescription_id)["checks"]["findings"] == []


def test_revision_with_a_blocking_finding_changes_nothing(session: Session) -> None:
    known = case(session, line("Warfarin"))
    with pytest.raises(Conflict) as refused:
        revised(session, known.doctor, known.prescription_id, line("Warfarin"), line("Aspirin"))
    assert refused.value.code == "medication_findings"
    assert row(session, known.prescription_id).status == "active"


def test_revision_event_names_the_former_prescription(session: Session) -> None:
    known = case(session)
    reply = revised(session, known.doctor, known.prescription_id)
    assert published(session, PrescriptionAdded)[-1] == {
        "prescription_id": UUID(reply["id"]),
        "patient_id": known.patient.person,
        "doctor_id": known.doctor.person,
        "supersedes_id": known.prescription_id,
    }


def test_renewal_has_the_same_items_and_all_refills(session: Session) -> None:
    known = case(session, line(refills=2), line("Paracetamol"))
    reply = renewed(session, known.doctor, known.prescription_id)
    assert [(item["medicine"], item["refills"]) for item in reply["items"]] == [("Amoxicillin", 2), ("Paracetamol", 0)]
    assert row(session, known.prescription_id).status == "superseded"


def test_renewal_answers_its_findings(session: Session) -> None:
    known = case(session, line("Warfarin"))
    with pytest.raises(Conflict) as refused:
        ordered(session, known.doctor, known.patient, line("Aspirin"))
    overrides = [override(found) for found in refused.value.facts["findings"]]
    second = ordered(session, known.doctor, known.patient, line("Aspirin"), overrides=overrides)
    with pytest.raises(Conflict, match="findings"):
        renewed(session, known.doctor, second)
    reply = renewed(session, known.doctor, second, overrides=overrides)
    assert session.scalars(select(MedicationCheck.record_id)).all().count(UUID(reply["id"])) == 1


def test_completed_prescription_is_renewed_once(session: Session) -> None:
    known = case(session)
    row(session, known.prescription_id).status = "completed"
    reply = renewed(session, known.doctor, known.prescription_id)
    assert row(session, known.prescription_id).status == "completed"
    discontinued(session, known.doctor, UUID(reply["id"]))
    with pytest.raises(Conflict) as refused:
        renewed(session, known.doctor, known.prescription_id)
    assert refused.value.code == "already_superseded"


def test_renewal_approves_the_open_refill_request(session: Session) -> None:
    known, request_id = with_request(session)
    reply = renewed(session, known.doctor, known.prescription_id)
    decision = session.get_one(RefillDecisionRow, request_id)
    assert (decision.status, decision.renewed_id) == ("approved", UUID(reply["id"]))


@pytest.mark.parametrize("change", [revised, discontinued])
def test_other_changes_expire_the_open_refill_request(session: Session, change: Change) -> None:
    known, request_id = with_request(session)
    change(session, known.doctor, known.prescription_id)
    assert session.get_one(RefillRequest, request_id).status == "expired"


def test_discontinuation_needs_and_shows_its_reason(session: Session) -> None:
    known = case(session)
    reply = discontinued(session, known.doctor, known.prescription_id)
    assert (reply["status"], reply["end_reason"]) == ("discontinued", "Rash.")
    end = session.get_one(PrescriptionEnd, known.prescription_id)
    assert (end.author_id, end.status) == (known.doctor.person, "discontinued")


def test_discontinuation_publishes_ids_only(session: Session) -> None:
    known = case(session)
    discontinued(session, known.doctor, known.prescription_id)
    assert published(session, PrescriptionDiscontinued) == [
        {
            "prescription_id": known.prescription_id,
            "patient_id": known.patient.person,
            "doctor_id": known.doctor.person,
            "discontinued_by": known.doctor.person,
        }
    ]


def test_each_version_of_a_prescription_enters_the_history(session: Session) -> None:
    known = case(session)
    reply = renewed(session, known.doctor, known.prescription_id)
    discontinued(session, known.doctor, UUID(reply["id"]))
    entries = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(entry.title, entry.version) for entry in entries] == [
        ("Prescribed: Amoxicillin", 1),
        ("Renewed: Amoxicillin", 1),
        ("Discontinued: Amoxicillin", 2),
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_ended_prescription_never_changes(session: Session, change: Change) -> None:
    known = case(session)
    discontinued(session, known.doctor, known.prescription_id)
    with pytest.raises(Conflict) as refused:
        change(session, known.doctor, known.prescription_id)
    assert (refused.value.code, refused.value.facts) == ("prescription_ended", {"status": "discontinued"})


@pytest.mark.parametrize("change", CHANGES)
def test_other_doctors_and_unknown_ids_get_the_same_refusal(session: Session, change: Change) -> None:
    known = case(session)
    with pytest.raises(NotYet) as hidden:
        change(session, doctor(), known.prescription_id)
    with pytest.raises(NotYet) as unknown:
        change(session, known.doctor, uuid7())
    assert (hidden.value.code, hidden.value.detail) == (unknown.value.code, unknown.value.detail)


def test_ended_prescription_dispenses_nothing_more(session: Session) -> None:
    known = case(session)
    reply = discontinued(session, known.doctor, known.prescription_id)
    assert [item["next_fill_at"] for item in reply["items"]] == [None]
