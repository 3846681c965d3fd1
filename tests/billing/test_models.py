"""The moves that an invoice, its lines and a payment may make."""

from datetime import UTC, datetime

import pytest

from chassis.errors import Conflict
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.models.payments import Payment

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_an_invoice_with_a_held_line_cannot_be_issued() -> None:
    with pytest.raises(Conflict, match="line_held"):
        Invoice(lines=[InvoiceLine(unit_price_minor=None)]).issue(1, NOW)


def test_an_invoice_is_issued_once() -> None:
    bill = Invoice(lines=[InvoiceLine(unit_price_minor=100)])
    bill.issue(1, NOW)
    with pytest.raises(Conflict, match="already_issued"):
        bill.issue(2, NOW)
    assert bill.number == 1


def test_a_priced_line_keeps_its_price() -> None:
    line = InvoiceLine(unit_price_minor=None)
    line.price("Visit", 0)
    with pytest.raises(Conflict, match="already_priced"):
        line.price("Visit", 100)


def test_a_started_payment_waits_for_its_payer() -> None:
    payment = Payment(status="created")
    payment.begin("http://pay")
    assert (payment.status, payment.checkout_url) == ("pending", "http://pay")


def test_a_payment_that_is_finished_already_is_not_sent_back_to_waiting() -> None:
    payment = Payment(status="created")
    payment.succeed(NOW)
    payment.begin("http://pay")
    assert payment.status == "succeeded"


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired"])
def test_the_outcome_of_a_payment_stands(status: str) -> None:
    payment = Payment(status=status)
    with pytest.raises(Conflict, match="payment_finished"):
        payment.succeed(NOW)
    with pytest.raises(Conflict, match="payment_finished"):
        payment.fail("declined", NOW)


def test_a_failed_payment_says_why() -> None:
    payment = Payment(status="pending")
    payment.fail("declined", NOW)
    assert (payment.status, payment.reason, payment.finished_at) == ("failed", "declined", NOW)
