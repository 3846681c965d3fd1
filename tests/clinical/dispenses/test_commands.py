"""Pharmacists dispense medicines of prescriptions, or decline to."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound
from chassis.persistence.database import Session
from contracts.clinical.dispenses import DeclineDispense, DispenseDeclined, MedicineDispensed
from services.clinical.dispenses import commands
from services.clinical.models.dispenses import Dispense, DispenseLine
from services.clinical.models.history import HistoryEntry
from services.clinical.models.inventory import Item, StockMovement
from services.clinical.models.medicines import MedicationCheck
from tests.clinical.factories import pharmacist, published
from tests.clinical.inventory.factories import device, expired, in_days, medicine, moved
from tests.clinical.medicine_factories import add_allergy, override
from tests.clinical.pharmacy_factories import (
    Case,
    case,
    dispense,
    later,
    line,
    of_item,
    ordered,
    row,
    settle,
    stocked,
)


def refused(session: Session, prescription_id: UUID, *items: Any, **fields: Any) -> Conflict:
    """Return the refusal of a dispense."""
    with pytest.raises(Conflict) as found:
        dispense(session, prescription_id, *items, **fields)
    return found.value


def test_dispense_takes_the_earliest_batches(session: Session) -> None:
    known, item_id = case(session), medicine(session)
    moved(session, item_id, "receive", 30, batch="LATE", expires_on=in_days(300))
    moved(session, item_id, "receive", 10, batch="SOON", expires_on=in_days(30))
    expired(session, item_id, "OLD", 50)
    reply = dispense(session, known.prescription_id, of_item(item_id, 21))
    assert [(part["batch"], part["quantity"]) for part in reply["lines"]] == [("SOON", 10), ("LATE", 11)]
    assert {part["medicine"] for part in reply["lines"]} == {"Amoxicillin 500 mg capsule"}
    assert session.get_one(Item, item_id, populate_existing=True).quantity == 69


def test_reply_has_the_check_of_the_medicines(session: Session) -> None:
    reply = dispense(session, case(session).prescription_id, of_item(stocked(session), 21))
    assert (reply["checks"]["data_state"], reply["checks"]["findings"]) == ("usable", [])
    occasions = session.scalars(select(MedicationCheck.occasion).order_by(MedicationCheck.id)).all()
    assert occasions == ["prescription", "dispense"]


def test_dispense_and_its_batches_are_stored(session: Session) -> None:
    known, item_id = case(session), stocked(session)
    reply = dispense(session, known.prescription_id, of_item(item_id, 21))
    stored = session.scalars(select(DispenseLine)).one()
    assert (stored.dispense_id, stored.item_id, stored.batch, stored.quantity) == (
        UUID(reply["id"]),
        item_id,
        "A",
        21,
    )
    movement = session.scalars(select(StockMovement).where(StockMovement.kind == "dispense")).one()
    assert (movement.dispense_id, movement.patient_id) == (UUID(reply["id"]), known.patient.person)


def test_event_has_ids_and_quantities_only(session: Session) -> None:
    known, item_id = case(session), stocked(session)
    reply = dispense(session, known.prescription_id, of_item(item_id, 10), of_item(item_id, 11))
    (event,) = [event for event in session.published if isinstance(event, MedicineDispensed)]
    shown = MedicineDispensed.schema().dump(event)
    assert shown.pop("dispensed_at")
    assert shown == {
        "dispense_id": reply["id"],
        "prescription_id": str(known.prescription_id),
        "patient_id": str(known.patient.person),
        "item_ids": [str(item_id)],
        "quantities": [21],
    }


def test_dispense_enters_the_history_of_the_patient(session: Session) -> None:
    known = case(session)
    reply = dispense(session, known.prescription_id, of_item(stocked(session), 21))
    entry = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == "dispense")).one()
    assert (entry.title, str(entry.record_id), entry.patient_id) == (
        "Dispensed: Amoxicillin 500 mg capsule",
        reply["id"],
        known.patient.person,
    )


def test_fill_is_dispensed_in_parts(session: Session) -> None:
    known, item_id = case(session), stocked(session)
    dispense(session, known.prescription_id, of_item(item_id, 20))
    error = refused(session, known.prescription_id, of_item(item_id, 2))
    assert (error.code, error.facts) == ("more_than_prescribed", {"left": 1, "prescription_item": 0})
    dispense(session, known.prescription_id, of_item(item_id, 1))
    assert [item.fills_left for item in row(session, known.prescription_id).items] == [0]


def test_last_fill_leaves_nothing(session: Session) -> None:
    known, item_id = case(session), stocked(session)
    dispense(session, known.prescription_id, of_item(item_id, 21))
    error = refused(session, known.prescription_id, of_item(item_id, 1))
    assert (error.code, error.facts) == ("more_than_prescribed", {"left": 0, "prescription_item": 0})


def test_quantities_of_one_medicine_count_together(session: Session) -> None:
    known, items = case(session), (stocked(session), stocked(session, name="Amoxicillin 250 mg capsule"))
    error = refused(session, known.prescription_id, of_item(items[0], 11), of_item(items[1], 11))
    assert error.code == "more_than_prescribed"


def test_refill_waits_until_the_last_fill_is_used_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    known, item_id = case(session, line(refills=1, days=8)), stocked(session)
    dispense(session, known.prescription_id, of_item(item_id, 21))
    error = refused(session, known.prescription_id, of_item(item_id, 21))
    next_fill_at = row(session, known.prescription_id).items[0].next_fill_at
    assert next_fill_at is not None
    assert (error.code, error.facts["next_fill_at"]) == ("refill_too_early", next_fill_at.isoformat())
    later(monkeypatch, days=6)
    assert dispense(session, known.prescription_id, of_item(item_id, 21))["lines"][0]["quantity"] == 21


def test_refused_dispense_changes_nothing(session: Session) -> None:
    known, item_id = case(session), stocked(session, 5)
    with pytest.raises(Conflict) as error, session.begin_nested():
        dispense(session, known.prescription_id, of_item(item_id, 21))
    session.appended.clear()
    assert (error.value.code, error.value.facts) == ("out_of_stock", {"available": 5})
    assert row(session, known.prescription_id).items[0].dispensed == 0
    assert dispense(session, known.prescription_id, of_item(item_id, 5))["lines"][0]["quantity"] == 5


def test_item_serves_the_medicine_with_its_substances(session: Session) -> None:
    known = case(session, line("Paracetamol"), line("Co-amoxiclav"))
    item_id = stocked(session, name="Augmentin 625", substance="amoxicillin + clavulanate")
    reply = dispense(session, known.prescription_id, of_item(item_id, 21))
    assert reply["lines"][0]["prescription_item"] == 1


def test_item_with_other_substances_is_refused(session: Session) -> None:
    item_id = stocked(session, name="Ibuprofen 400", substance="ibuprofen")
    known = case(session)
    for place in (None, 0):
        error = refused(session, known.prescription_id, of_item(item_id, 1, place))
        assert (error.code, error.facts) == (
            "not_prescribed",
            {"item_id": str(item_id), "substances": ["ibuprofen"]},
        )


def test_item_that_fits_two_medicines_must_be_named(session: Session) -> None:
    known, item_id = _twice(session), stocked(session)
    error = refused(session, known.prescription_id, of_item(item_id, 1))
    assert (error.code, error.facts["candidates"]) == ("unclear_item", [0, 1])
    assert dispense(session, known.prescription_id, of_item(item_id, 1, 1))["lines"][0]["prescription_item"] == 1


def _twice(session: Session) -> Case:
    """Prescribe amoxicillin twice, with an override."""
    known = case(session, line("Paracetamol"))
    lines = line(quantity=10), line(quantity=20)
    with pytest.raises(Conflict) as error:
        ordered(session, known.doctor, known.patient, *lines)
    overrides = [override(found) for found in error.value.facts["findings"]]
    second = ordered(session, known.doctor, known.patient, *lines, overrides=overrides)
    return Case(known.doctor, known.patient, second)


def test_unknown_medicine_needs_its_place_unless_names_are_equal(session: Session) -> None:
    known = case(session, line("Zzyzxol"))
    other = stocked(session, name="Wunderpille", substance=None)
    assert refused(session, known.prescription_id, of_item(other, 1)).code == "not_prescribed"
    assert dispense(session, known.prescription_id, of_item(other, 1, 0))["checks"]["unmatched"] == ["Zzyzxol"]
    same = stocked(session, name="zzyzxol", substance=None)
    assert dispense(session, known.prescription_id, of_item(same, 1))["lines"][0]["medicine"] == "zzyzxol"


def test_place_beyond_the_prescription_is_refused(session: Session) -> None:
    error = refused(session, case(session).prescription_id, of_item(stocked(session), 1, 7))
    assert error.code == "not_prescribed"


def test_equipment_is_never_dispensed(session: Session) -> None:
    error = refused(session, case(session).prescription_id, of_item(device(session), 1, 0))
    assert error.code == "not_a_medicine"


def test_unknown_prescription_and_item_are_not_found(session: Session) -> None:
    known = case(session)
    for prescription_id, item_id in ((uuid7(), stocked(session)), (known.prescription_id, uuid7())):
        with pytest.raises(NotFound) as error:
            dispense(session, prescription_id, of_item(item_id, 1))
        assert error.value.code == "not_found"


def test_ended_prescription_is_not_dispensed(session: Session) -> None:
    known = case(session)
    row(session, known.prescription_id).status = "discontinued"
    error = refused(session, known.prescription_id, of_item(stocked(session), 1))
    assert (error.code, error.facts) == ("prescription_ended", {"status": "discontinued"})


def test_new_allergy_stops_the_dispense(session: Session) -> None:
    known, item_id = case(session), stocked(session)
    add_allergy(session, known.patient.person, "amoxicillin")
    error = refused(session, known.prescription_id, of_item(item_id, 21))
    assert (error.code, error.facts["findings"][0]["kind"]) == ("medication_findings", "allergy")


def test_override_of_the_doctor_counts_when_dispensing(session: Session) -> None:
    known = case(session, line("Warfarin"))
    with pytest.raises(Conflict) as error:
        ordered(session, known.doctor, known.patient, line("Aspirin"))
    overrides = [override(found, "Mechanical valve.") for found in error.value.facts["findings"]]
    second = ordered(session, known.doctor, known.patient, line("Aspirin"), overrides=overrides)
    drugs = [stocked(session, name=name, substance=name) for name in ("Warfarin", "Aspirin")]
    for prescription_id, item_id in zip((known.prescription_id, second), drugs, strict=True):
        reply = dispense(session, prescription_id, of_item(item_id, 1))
        assert {found["override_reason"] for found in reply["checks"]["findings"]} == {"Mechanical valve."}


def test_override_of_an_ended_prescription_does_not_count(session: Session) -> None:
    known, item_id = case(session), stocked(session)
    add_allergy(session, known.patient.person, "amoxicillin")
    with pytest.raises(Conflict) as error:
        ordered(session, known.doctor, known.patient)
    overrides = [override(found) for found in error.value.facts["findings"]]
    second = ordered(session, known.doctor, known.patient, overrides=overrides)
    row(session, second).status = "discontinued"
    assert refused(session, known.prescription_id, of_item(item_id, 21)).code == "medication_findings"


def test_decline_notifies_and_keeps_the_prescription_active(session: Session) -> None:
    known = case(session)
    command = DeclineDispense(prescription_id=known.prescription_id, reason="Dose is unclear.")
    reply = DeclineDispense.reply(commands.decline(session, pharmacist(), command))
    settle(session)
    assert reply is not None
    assert (reply["reason"], row(session, known.prescription_id).status) == ("Dose is unclear.", "active")
    assert published(session, DispenseDeclined) == [
        {
            "prescription_id": known.prescription_id,
            "patient_id": known.patient.person,
            "doctor_id": known.doctor.person,
        }
    ]
    entry = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == "dispense")).one()
    assert (entry.title, entry.details["reason"]) == ("Not dispensed: Amoxicillin", "Dose is unclear.")


def test_ended_prescription_is_not_declined(session: Session) -> None:
    known = case(session)
    row(session, known.prescription_id).status = "superseded"
    with pytest.raises(Conflict) as error:
        commands.decline(session, pharmacist(), DeclineDispense(prescription_id=known.prescription_id, reason="No."))
    assert error.value.code == "prescription_ended"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=25), st.integers(0, 3))
def test_dispensed_quantity_never_exceeds_all_fills(
    session: Session, steps: list[tuple[int, int]], refills: int
) -> None:
    known, item_id = case(session, line(quantity=6, days=4, refills=refills)), stocked(session)
    with pytest.MonkeyPatch.context() as patch:
        for quantity, days in steps:
            later(patch, days=days)
            try:
                with session.begin_nested():
                    dispense(session, known.prescription_id, of_item(item_id, quantity))
            except Conflict:
                session.appended.clear()
            total = _dispensed(session, known.prescription_id)
            assert total == row(session, known.prescription_id).items[0].dispensed <= 6 * (1 + refills)


def _dispensed(session: Session, prescription_id: UUID) -> int:
    """Return the sum of the lines of a prescription."""
    query = select(func.coalesce(func.sum(DispenseLine.quantity), 0)).join(Dispense)
    return int(session.scalar(query.where(Dispense.prescription_id == prescription_id)) or 0)
