"""State changes of invoices and their lines."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.errors import Conflict
from services.billing.models.invoices import Invoice, InvoiceLine

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAYS = timedelta(days=30)


def test_invoice_with_a_held_line_cannot_be_issued() -> None:
    with pytest.raises(Conflict, match="line_held"):
        Invoice(lines=[InvoiceLine(unit_price_minor=None)]).issue(1, NOW, DAYS)


def test_invoice_is_issued_once() -> None:
    bill = Invoice(lines=[InvoiceLine(unit_price_minor=100)])
    bill.issue(1, NOW, DAYS)
    with pytest.raises(Conflict, match="already_issued"):
        bill.issue(2, NOW, DAYS)
    assert (bill.number, bill.due_at) == (1, NOW + DAYS)


def test_priced_line_keeps_its_price() -> None:
    line = InvoiceLine(unit_price_minor=None)
    line.price("Visit", 0)
    with pytest.raises(Conflict, match="already_priced"):
        line.price("Visit", 100)
