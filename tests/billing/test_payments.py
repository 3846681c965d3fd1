"""Payments: what may be paid, what the ledger says of it, and what survives a crash."""

from typing import Any

import pytest
from sqlalchemy import func, select

from chassis import config
from chassis.errors import Conflict, Internal, Invalid, NotFound
from chassis.persistence.database import Database, Session
from contracts.billing.payments import ListMyPayments, PayInvoice, PaymentView, Provider
from services.billing import payments
from services.billing.models.payments import Payment
from services.billing.providers import sandbox
from services.billing.service import BillingService
from tests.billing.factories import host, invoice, patient, pay, press, seen, settings, visit


def test_without_an_amount_all_that_is_open_is_paid(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    press(session, pay(session, bill, 3000))
    assert pay(session, bill).amount_minor == 5000


def test_a_payment_waits_at_the_checkout_page_of_its_reference(session: Session) -> None:
    payment = pay(session, invoice(session))
    assert payment.status == "pending"
    assert payment.checkout_url == f"http://hospital.example/sandbox/checkout/{payment.reference}"


def test_references_cannot_be_guessed(session: Session) -> None:
    bill = invoice(session)
    references = {pay(session, bill).reference for _number in range(5)}
    assert len(references) == 5
    assert all(len(bytes.fromhex(reference)) == 20 for reference in references)


def test_nobody_pays_another_patients_invoice(session: Session) -> None:
    bill, stranger = invoice(session), patient()
    for patient_id in (bill.patient_id, stranger.person):
        ids = {"patient_id": patient_id, "invoice_id": bill.id}
        with pytest.raises(NotFound):
            payments.prepare(
                session, stranger, PayInvoice(provider=Provider.SANDBOX, amount_minor=None, return_url=None, **ids)
            )


def test_a_draft_cannot_be_paid(session: Session) -> None:
    with pytest.raises(Conflict, match="nothing_to_pay"):
        pay(session, visit(session))


def test_a_paid_invoice_cannot_be_paid_again(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill))
    with pytest.raises(Conflict, match="nothing_to_pay"):
        pay(session, bill)


def test_more_than_is_open_cannot_be_paid(session: Session) -> None:
    with pytest.raises(Conflict, match="more_than_open"):
        pay(session, invoice(session, amount_minor=8000), 8001)


def test_what_a_waiting_payment_asks_for_is_not_paid_yet(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    pay(session, bill, 8000)
    assert pay(session, bill).amount_minor == 8000
    assert seen(session, bill)["status"] == "issued"


def test_the_sandbox_is_refused_where_it_is_not_allowed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = invoice(session)
    monkeypatch.setattr(config, "_current", settings(allow_sandbox_payments=False))
    with pytest.raises(Invalid, match="provider_not_offered"):
        pay(session, bill)
    assert session.scalar(select(func.count()).select_from(Payment)) == 0


def test_a_patient_sees_the_own_payments_newest_first_and_why_one_has_failed(session: Session) -> None:
    bill = invoice(session)
    declined, waiting = pay(session, bill, 100), pay(session, bill, 200)
    press(session, declined, "decline")
    found = payments.of_patient(
        session, patient(bill.patient_id), ListMyPayments(patient_id=bill.patient_id, limit=20, cursor=None)
    )
    shown = [PaymentView.dump_one(row) for row in found.items]
    assert [(row["id"], row["status"], row["reason"]) for row in shown] == [
        (waiting.id, "pending", None),
        (declined.id, "failed", "declined"),
    ]


def test_nobody_sees_another_patients_payments(session: Session) -> None:
    with pytest.raises(NotFound):
        payments.of_patient(
            session, patient(), ListMyPayments(patient_id=invoice(session).patient_id, limit=20, cursor=None)
        )


# --- in three steps, as the service does it -------------------------------------------------------------------------


@pytest.fixture
def order(fresh: Database) -> dict[str, Any]:
    """The payload of an order to pay an invoice that is committed."""
    with fresh.begin() as session:
        bill = invoice(session)
    return {"patient_id": str(bill.patient_id), "invoice_id": str(bill.id), "provider": "sandbox"}


def buy(database: Database, order: dict[str, Any], key: str = "key") -> Any:
    who = patient(PayInvoice.read(order).patient_id)
    return BillingService.pay_invoice(host(database, who, key), **order)


def all_payments(database: Database) -> list[tuple[str, str, str | None]]:
    with database.read() as session:
        return [(str(p.id), p.status, p.checkout_url) for p in session.scalars(select(Payment))]


def test_the_answer_is_the_checkout_page(fresh: Database, order: dict[str, Any]) -> None:
    reply = buy(fresh, order)
    assert all_payments(fresh) == [(reply["payment_id"], "pending", reply["checkout_url"])]


def test_an_order_that_is_repeated_with_its_key_is_one_payment(fresh: Database, order: dict[str, Any]) -> None:
    assert buy(fresh, order) == buy(fresh, order)
    assert len(all_payments(fresh)) == 1


def test_an_order_that_broke_off_goes_on_with_the_payment_that_it_has_begun(
    fresh: Database, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sandbox, "start", lambda _plan: 1 / 0)
        with pytest.raises(Internal):
            buy(fresh, order)
    ((begun, status, _url),) = all_payments(fresh)
    assert status == "created"
    assert buy(fresh, order)["payment_id"] == begun
    assert [(p[0], p[1]) for p in all_payments(fresh)] == [(begun, "pending")]


def test_the_provider_is_called_outside_of_any_transaction(
    fresh: Database, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "start", lambda _plan: f"http://pay/{fresh.engine.pool.status()}")
    assert "Current Checked out connections: 0" in buy(fresh, order)["checkout_url"]
