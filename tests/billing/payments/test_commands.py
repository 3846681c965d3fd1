"""Payments: their amounts, their limits, and recovery after a crash."""

from typing import Any

import pytest
from sqlalchemy import func, select

from chassis.errors import Conflict, Internal, NotFound
from chassis.persistence.database import Database, Session
from contracts.billing.payments import PayInvoice, Provider
from services.billing.models.payments import Payment
from services.billing.payments import commands
from services.billing.providers import sandbox
from services.billing.providers.port import Started
from services.billing.service import BillingService
from services.billing.settings import BillingSettings
from tests.billing.factories import host, invoice, patient, pay, press, view_of, visit
from tests.settings import give_settings


def test_payment_defaults_to_the_whole_open_amount(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    press(session, pay(session, bill, 3000))
    assert pay(session, bill).amount_minor == 5000


def test_payment_waits_at_its_checkout_page(session: Session) -> None:
    payment = pay(session, invoice(session))
    assert payment.status == "pending"
    assert payment.checkout_url == f"http://hospital.example/sandbox/checkout/{payment.reference}"


def test_references_cannot_be_guessed(session: Session) -> None:
    bill = invoice(session)
    references = {pay(session, bill).reference for _number in range(5)}
    assert len(references) == 5
    assert all(len(bytes.fromhex(reference)) == 20 for reference in references)


def test_invoice_of_another_patient_cannot_be_paid(session: Session) -> None:
    bill, stranger = invoice(session), patient()
    for patient_id in (bill.patient_id, stranger.person):
        ids = {"patient_id": patient_id, "invoice_id": bill.id}
        with pytest.raises(NotFound):
            commands.prepare_payment(
                session, stranger, PayInvoice(provider=Provider.SANDBOX, amount_minor=None, return_url=None, **ids)
            )


def test_draft_cannot_be_paid(session: Session) -> None:
    with pytest.raises(Conflict, match="nothing_to_pay"):
        pay(session, visit(session))


def test_paid_invoice_cannot_be_paid_again(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill))
    with pytest.raises(Conflict, match="nothing_to_pay"):
        pay(session, bill)


def test_amount_above_the_open_amount_is_refused(session: Session) -> None:
    with pytest.raises(Conflict, match="more_than_open"):
        pay(session, invoice(session, amount_minor=8000), 8001)


def test_pending_payment_does_not_reduce_the_open_amount(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    pay(session, bill, 8000)
    assert pay(session, bill).amount_minor == 8000
    assert view_of(session, bill).status == "issued"


def test_sandbox_is_refused_when_it_is_not_allowed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = invoice(session)
    give_settings(monkeypatch, BillingSettings())
    with pytest.raises(Conflict, match="provider_unavailable"):
        pay(session, bill)
    assert session.scalar(select(func.count()).select_from(Payment)) == 0


# --- in three steps, as in the service -------------------------------------------------------------------------


@pytest.fixture
def order(fresh: Database) -> dict[str, Any]:
    """Return the payload of a command that pays a committed invoice."""
    with fresh.begin() as session:
        bill = invoice(session)
    return {"patient_id": str(bill.patient_id), "invoice_id": str(bill.id), "provider": "sandbox"}


def buy(database: Database, order: dict[str, Any], key: str = "key") -> Any:
    payer = patient(PayInvoice.read(order).patient_id)
    return BillingService.pay_invoice(host(database, payer, key), **order)


def all_payments(database: Database) -> list[tuple[str, str, str | None]]:
    with database.read() as session:
        return [(str(p.id), p.status, p.checkout_url) for p in session.scalars(select(Payment))]


def test_reply_has_the_checkout_page(fresh: Database, order: dict[str, Any]) -> None:
    reply = buy(fresh, order)
    assert all_payments(fresh) == [(reply["payment_id"], "pending", reply["checkout_url"])]


def test_repeated_command_with_the_same_key_is_one_payment(fresh: Database, order: dict[str, Any]) -> None:
    assert buy(fresh, order) == buy(fresh, order)
    assert len(all_payments(fresh)) == 1


def test_repeated_command_continues_an_interrupted_payment(
    fresh: Database, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sandbox, "start", lambda _plan: 1 / 0)
        with pytest.raises(Internal):
            buy(fresh, order)
    ((started, status, _url),) = all_payments(fresh)
    assert status == "created"
    assert buy(fresh, order)["payment_id"] == started
    assert [(p[0], p[1]) for p in all_payments(fresh)] == [(started, "pending")]


def test_provider_is_called_outside_any_transaction(
    fresh: Database, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "start", lambda _plan: Started(f"http://pay/{fresh.engine.pool.status()}"))
    assert "Current Checked out connections: 0" in buy(fresh, order)["checkout_url"]
