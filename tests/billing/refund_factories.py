"""Builders for the tests of refunds and of the desk."""

from typing import Literal

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.billing.payments import DeskMethod, TakePayment
from contracts.billing.refunds import DecideRefund, RequestRefund
from services.billing.models.invoices import Invoice
from services.billing.models.ledger import LedgerEntry, LedgerKind
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.payments import desk
from services.billing.refunds import commands, timers
from tests.billing.factories import ADMIN, invoice, pay, press

DESK = Actor(id=uuid7(), roles=frozenset({"receptionist"}), verified=True)


def paid(session: Session, amount_minor: int = 8000) -> Payment:
    """Return a succeeded payment of a whole invoice, through the sandbox."""
    return press(session, pay(session, invoice(session, amount_minor=amount_minor)))


def asked(payment: Payment, amount: int | None = None, *, still_owed: bool = False) -> RequestRefund:
    return RequestRefund(payment_id=payment.id, amount=amount, reason="Paid twice.", still_owed=still_owed)


def request(session: Session, payment: Payment, amount: int | None = None, *, still_owed: bool = False) -> Refund:
    """Return a refund that the desk has requested."""
    refund = commands.request(session, DESK, asked(payment, amount, still_owed=still_owed))
    session.flush()
    return refund


def decide(
    session: Session, refund: Refund, decision: Literal["approve", "reject"] = "approve", actor: Actor = ADMIN
) -> Refund:
    """Return the refund after all three steps of the decision."""
    command = DecideRefund(refund_id=refund.id, decision=decision, reason="Checked.")
    approval = commands.decide(session, actor, command)
    decided = commands.record_answer(session, actor, approval, commands.pay_back(approval, command), command)
    session.flush()
    return decided


def look(session: Session) -> int:
    """Run the timer once; return the number of refunds that it asked about."""
    plans = timers.plan_refund_looks(session, ADMIN)
    session.flush()
    timers.record_answers(session, ADMIN, plans, timers.ask_providers(plans))
    session.flush()
    return len(plans)


def entries_of(session: Session, payment: Payment) -> dict[str, int]:
    """Return the sum of each kind of ledger entry of the payment's invoice."""
    sums = select(LedgerEntry.kind, func.sum(LedgerEntry.amount_minor)).group_by(LedgerEntry.kind)
    found = session.execute(sums.where(LedgerEntry.invoice_id == payment.invoice_id))
    return {kind: int(total) for kind, total in found}


def paid_back(session: Session, payment: Payment) -> int:
    """Return the amount that the ledger says was paid back."""
    return entries_of(session, payment).get(LedgerKind.REFUND, 0)


def odd_rows(session: Session) -> list[tuple[str, str]]:
    """Return kind and key of the rows that wait for an admin."""
    query = select(OddPayment.kind, OddPayment.provider_key).where(OddPayment.settled_at.is_(None))
    return [(kind, key) for kind, key in session.execute(query)]


def take(
    session: Session,
    bill: Invoice,
    amount: int | None = None,
    *,
    method: DeskMethod = DeskMethod.CASH,
    actor: Actor = DESK,
) -> Payment:
    """Return a payment that the desk has taken."""
    payment = desk.take(session, actor, TakePayment(invoice_id=bill.id, by=method, amount=amount))
    session.flush()
    return payment
