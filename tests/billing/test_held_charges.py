"""The list of charges that wait for a price."""

from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.billing.corrections import VoidInvoice
from contracts.billing.held_charges import HeldChargeView, ListHeldCharges
from services.billing import held_charges
from services.billing.corrections import commands
from tests.billing.factories import ADMIN, VISITED_AT, approve, price, visit


def listed(session: Session, limit: int = 100, cursor: str | None = None) -> tuple[list[UUID], str | None]:
    """Return the invoices of a page of held charges, and the cursor of the next page."""
    session.flush()
    page = held_charges.list_all(session, ADMIN, ListHeldCharges(limit=limit, cursor=cursor))
    return [row.invoice_id for row in page.items], page.next


def test_held_charge_names_code_quantity_and_day(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id, "rare art")
    draft = visit(session, doctor_id=doctor_id)
    page = held_charges.list_all(session, ADMIN, ListHeldCharges(limit=100, cursor=None))
    found = next(row for row in page.items if row.invoice_id == draft.id)
    shown = HeldChargeView.dump_one(found) or {}
    assert (shown["code"], shown["name"], shown["quantity"]) == ("consultation:rare art", "Consultation", 1)
    assert (shown["patient_id"], shown["visit_on"]) == (draft.patient_id, VISITED_AT.date())
    assert (shown["line_id"], shown["created_at"]) == (found.id, draft.created_at)


def test_held_charges_come_oldest_first_in_pages(session: Session) -> None:
    drafts = [visit(session).id for _number in range(3)]
    first, cursor = listed(session, limit=2)
    rest, end = listed(session, limit=2, cursor=cursor)
    assert (first + rest, end) == (drafts, None)


def test_priced_and_void_charges_are_not_held(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, doctor_id)
    priced, void = visit(session, doctor_id=doctor_id), visit(session)
    price(session)
    commands.void(session, ADMIN, VoidInvoice(invoice_id=void.id, reason="Mistake."))
    assert not {priced.id, void.id} & set(listed(session)[0])
