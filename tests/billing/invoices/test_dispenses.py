"""Invoices of dispensed medicines: one for each dispense, with a line for each item."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued, InvoiceView
from contracts.clinical.dispenses import MedicineDispensed
from services.billing.invoices.dispenses import on_medicine_dispensed
from services.billing.models.invoices import Invoice
from tests.billing.factories import VISITED_AT, heard, price, published, view_of
from tests.events import example_of

AMOXICILLIN, WARFARIN = uuid7(), uuid7()


def billed(session: Session, *items: tuple[UUID, int], **fields: Any) -> Invoice:
    """Handle a dispense of these items; return its invoice."""
    dispense_id = fields.pop("dispense_id", uuid7())
    facts = {"dispensed_at": VISITED_AT, **fields, "dispense_id": dispense_id}
    facts |= {"item_ids": [item_id for item_id, _quantity in items], "quantities": [count for _item_id, count in items]}
    on_medicine_dispensed(session, heard(session), example_of(MedicineDispensed, **facts))
    session.flush()
    return session.scalars(select(Invoice).where(Invoice.dispense_id == dispense_id)).one()


def priced(session: Session, item_id: UUID, amount_minor: int, name: str = "Capsule", **fields: Any) -> None:
    price(session, amount_minor, code=f"medicine:{item_id}", name=name, **fields)


def shown(session: Session, bill: Invoice) -> dict[str, Any]:
    view = InvoiceView.dump_one(view_of(session, bill))
    assert view is not None
    return view


def test_dispense_is_charged_by_quantity_and_price_of_each_item(session: Session) -> None:
    priced(session, AMOXICILLIN, 25, "Amoxicillin 500 mg capsule")
    priced(session, WARFARIN, 40, "Warfarin 5 mg tablet")
    view = shown(session, billed(session, (AMOXICILLIN, 21), (WARFARIN, 10)))
    assert (view["status"], view["total_minor"]) == ("issued", 925)
    assert [(line["name"], line["quantity"], line["unit_price_minor"]) for line in view["lines"]] == [
        ("Amoxicillin 500 mg capsule", 21, 25),
        ("Warfarin 5 mg tablet", 10, 40),
    ]


def test_invoice_of_a_dispense_has_no_appointment(session: Session) -> None:
    bill = billed(session, (AMOXICILLIN, 1))
    view = shown(session, bill)
    assert (view["appointment_id"], view["dispense_id"]) == (None, str(bill.dispense_id))


def test_patient_owes_the_invoice(session: Session) -> None:
    priced(session, AMOXICILLIN, 25)
    patient_id = uuid7()
    bill = billed(session, (AMOXICILLIN, 2), patient_id=patient_id)
    assert published(session, InvoiceIssued) == [
        {"invoice_id": bill.id, "patient_id": patient_id, "amount_minor": 50, "currency": "EUR"}
    ]


def test_item_without_a_price_holds_the_invoice_until_the_price_arrives(session: Session) -> None:
    priced(session, AMOXICILLIN, 25)
    bill = billed(session, (AMOXICILLIN, 1), (WARFARIN, 2))
    view = shown(session, bill)
    assert (view["status"], [line["name"] for line in view["lines"]]) == ("draft", ["Capsule", "Medicine"])
    assert published(session, InvoiceIssued) == []
    priced(session, WARFARIN, 40)
    assert (shown(session, bill)["status"], shown(session, bill)["total_minor"]) == ("issued", 105)


def test_price_of_the_day_of_the_dispense_in_the_hospital_counts(session: Session) -> None:
    priced(session, AMOXICILLIN, 25)
    priced(session, AMOXICILLIN, 30, valid_from=date(2026, 11, 24))
    bill = billed(session, (AMOXICILLIN, 1), dispensed_at=datetime(2026, 11, 23, 23, tzinfo=UTC))
    assert shown(session, bill)["total_minor"] == 30


def test_dispense_is_charged_once(session: Session) -> None:
    bill = billed(session, (AMOXICILLIN, 1))
    assert bill.dispense_id is not None
    again = billed(session, (AMOXICILLIN, 1), dispense_id=bill.dispense_id)
    count = session.scalar(select(func.count()).select_from(Invoice).where(Invoice.dispense_id == bill.dispense_id))
    assert (again.id, count) == (bill.id, 1)


def test_database_refuses_an_invoice_without_a_cause(session: Session) -> None:
    bill = billed(session, (AMOXICILLIN, 1))
    bill.dispense_id = None
    with pytest.raises(IntegrityError, match="has_cause"):
        session.flush()
