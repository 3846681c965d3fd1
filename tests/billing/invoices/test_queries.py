"""Lists of invoices."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis import clock
from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceStatus, ListInvoices, ListMyInvoices
from services.billing.invoices import queries
from tests.billing.factories import ADMIN, invoice, patient, pay, press, statements


def test_patient_sees_own_invoices_newest_first(session: Session) -> None:
    payer = patient()
    bills = [invoice(session, payer) for _number in range(3)]
    invoice(session, patient())
    session.flush()
    first = queries.list_own(session, payer, ListMyInvoices(patient_id=payer.person, limit=2, cursor=None))
    second = queries.list_own(session, payer, ListMyInvoices(patient_id=payer.person, limit=2, cursor=first.next))
    assert [view.id for view in [*first.items, *second.items]] == [bill.id for bill in reversed(bills)]


def test_invoices_of_another_patient_are_not_found(session: Session) -> None:
    bill = invoice(session)
    with pytest.raises(NotFound):
        queries.list_own(session, patient(), ListMyInvoices(patient_id=bill.patient_id, limit=20, cursor=None))


def test_list_takes_two_statements(session: Session) -> None:
    payer = patient()
    for bill in [invoice(session, payer) for _number in range(5)]:
        press(session, pay(session, bill, 100))
    session.flush()
    with statements(session) as sent:
        found = queries.list_own(session, payer, ListMyInvoices(patient_id=payer.person, limit=20, cursor=None))
    assert [view.status for view in found.items] == ["part_paid"] * 5
    assert len(sent) == 2


def test_admin_filters_invoices_by_patient(session: Session) -> None:
    bill, other = invoice(session), invoice(session)
    found = queries.list_all(session, ADMIN, ListInvoices(patient_id=bill.patient_id, limit=100, cursor=None))
    everything = queries.list_all(session, ADMIN, ListInvoices(limit=100, cursor=None))
    assert [view.id for view in found.items] == [bill.id]
    assert other.id in [view.id for view in everything.items]


def listed(session: Session, **fields: Any) -> list[UUID]:
    """Return the ids of the invoices that an admin lists."""
    session.flush()
    found = queries.list_all(session, ADMIN, ListInvoices(limit=100, cursor=None, **fields))
    return [view.id for view in found.items]


def test_admin_filters_invoices_by_status(session: Session) -> None:
    issued, paid = invoice(session), invoice(session)
    press(session, pay(session, paid))
    assert paid.id in listed(session, status=InvoiceStatus.PAID)
    assert issued.id not in listed(session, status=InvoiceStatus.PAID)


def test_overdue_invoices_start_with_the_longest_overdue(session: Session) -> None:
    bills = [invoice(session) for _number in range(3)]
    for bill, days in zip(bills, (1, 3, 2), strict=True):
        bill.due_at = clock.now() - timedelta(days=days)
    assert listed(session, overdue=True) == [bills[1].id, bills[2].id, bills[0].id]


def test_overdue_invoices_come_in_pages(session: Session) -> None:
    for bill in [invoice(session) for _number in range(3)]:
        bill.due_at = clock.now() - timedelta(days=1)
    session.flush()
    first = queries.list_all(session, ADMIN, ListInvoices(overdue=True, limit=2, cursor=None))
    rest = queries.list_all(session, ADMIN, ListInvoices(overdue=True, limit=2, cursor=first.next))
    assert len({view.id for view in [*first.items, *rest.items]}) == 3
    assert rest.next is None


def test_paid_invoice_is_not_overdue(session: Session) -> None:
    bill, future = invoice(session), invoice(session)
    press(session, pay(session, bill))
    bill.due_at = clock.now() - timedelta(days=1)
    assert not {bill.id, future.id} & set(listed(session, overdue=True))
