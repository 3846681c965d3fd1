"""Invoices of laboratory tests: one for each verification, with a line for each test."""

from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceIssued
from contracts.clinical.labs.events import LabTestsPerformed
from services.billing.invoices.lab_tests import on_lab_tests_performed
from services.billing.models.invoices import Invoice
from tests.billing.factories import VISITED_AT, heard, price, published, view_of
from tests.events import example_of

POTASSIUM, SODIUM = "2823-3", "2951-2"


def billed(session: Session, *tests: str, order_id: UUID | None = None) -> Invoice:
    """Handle the verification of these tests; return the newest invoice of the order."""
    facts = {"order_id": order_id or uuid7(), "tests": list(tests), "performed_at": VISITED_AT}
    on_lab_tests_performed(session, heard(session), example_of(LabTestsPerformed, **facts))
    session.flush()
    query = select(Invoice).where(Invoice.lab_order_id == facts["order_id"]).order_by(Invoice.id.desc()).limit(1)
    return session.scalars(query).one()


def test_verified_tests_are_charged_by_their_prices(session: Session) -> None:
    price(session, 900, code=f"lab:{POTASSIUM}", name="Potassium")
    price(session, 800, code=f"lab:{SODIUM}", name="Sodium")
    bill = billed(session, POTASSIUM, SODIUM)
    view = view_of(session, bill)
    assert (view.status, view.total_minor, view.lab_order_id) == ("issued", 1700, bill.lab_order_id)
    assert [(line.name, line.quantity) for line in view.lines] == [("Potassium", 1), ("Sodium", 1)]


def test_test_without_a_price_is_held_until_the_price_arrives(session: Session) -> None:
    bill = billed(session, POTASSIUM)
    assert (view_of(session, bill).status, published(session, InvoiceIssued)) == ("draft", [])
    price(session, 900, code=f"lab:{POTASSIUM}", name="Potassium")
    assert view_of(session, bill).total_minor == 900


def test_each_verification_of_an_order_has_its_own_invoice(session: Session) -> None:
    first = billed(session, POTASSIUM)
    second = billed(session, SODIUM, order_id=first.lab_order_id)
    assert first.id != second.id


def test_redelivered_verification_is_charged_once(session: Session) -> None:
    event = example_of(LabTestsPerformed, order_id=uuid7())
    actor = heard(session)
    for _delivery in range(2):
        on_lab_tests_performed(session, actor, event)
        session.flush()
    query = select(func.count()).select_from(Invoice).where(Invoice.lab_order_id == event.order_id)
    assert session.scalar(query) == 1
