"""Overdue invoices are published once, and their reminders once each."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from contracts.billing.corrections import VoidInvoice
from contracts.billing.invoices import InvoiceOverdue, InvoiceReminderDue
from services.billing.corrections import commands
from services.billing.invoices import timers
from services.billing.models.invoices import Invoice
from tests.billing.factories import ADMIN, bill_of, invoice, pay, press, published

ISSUED_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
DUE = 30
"""Days after the issue."""


def issued(session: Session) -> Invoice:
    with time_machine.travel(ISSUED_AT, tick=False):
        return bill_of(session, (1, 8000, 0, 0))


def tick(session: Session, day: float) -> list[str]:
    """Run the timer some days after the issue; return the names of the events that it publishes."""
    session.published.clear()
    session.flush()
    with time_machine.travel(ISSUED_AT + timedelta(days=day), tick=False):
        timers.remind(session, SYSTEM)
    session.flush()
    return [type(event).event_name() for event in session.published]


def test_invoice_is_overdue_once_and_reminded_after_7_and_21_days(session: Session) -> None:
    issued(session)
    found = {day: tick(session, day) for day in (29.9, 30, 31, 36.9, 37, 38, 50.9, 51, 52, 400)}
    assert {day: names for day, names in found.items() if names} == {
        30: ["invoice_overdue"],
        37: ["invoice_reminder_due"],
        51: ["invoice_reminder_due"],
    }


def test_event_has_the_open_amount_and_the_due_time(session: Session) -> None:
    bill = issued(session)
    press(session, pay(session, bill, 3000))
    tick(session, DUE)
    facts = {"invoice_id": bill.id, "patient_id": bill.patient_id, "amount_minor": 5000, "currency": "EUR"}
    assert published(session, InvoiceOverdue) == [{**facts, "due_at": ISSUED_AT + timedelta(days=DUE)}]
    assert bill.overdue_at == ISSUED_AT + timedelta(days=DUE)


@pytest.mark.parametrize("end", ["pay", "void"])
def test_invoice_that_is_no_longer_owed_is_not_overdue(session: Session, end: str) -> None:
    bill = invoice(session)
    if end == "pay":
        press(session, pay(session, bill))
    else:
        commands.void(session, ADMIN, VoidInvoice(invoice_id=bill.id, reason="Mistake."))
    assert tick(session, 10_000) == []


def test_reminders_that_a_stopped_service_missed_are_left_out(session: Session) -> None:
    issued(session)
    assert [tick(session, 38), tick(session, 38.1), tick(session, 51)] == [
        ["invoice_overdue"],
        [],
        ["invoice_reminder_due"],
    ]


def test_overdue_invoices_come_in_batches(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "BATCH", 2)
    for _number in range(3):
        issued(session)
    assert [len(tick(session, 30)) for _run in range(3)] == [2, 1, 0]
    assert published(session, InvoiceReminderDue) == []
