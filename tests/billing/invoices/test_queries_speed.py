"""Lists of invoices cost the same however many invoices there are. PostgreSQL only: its plans show the pages read."""

import os
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis.persistence.database import Session
from contracts.billing.invoices import InvoiceStatus, ListInvoices, ListMyInvoices
from services.billing.invoices import queries
from tests.billing.factories import ADMIN, patient
from tests.clinical.explained import explain_statements

FEW, PORTION = 2_000, 18_000
MANY = 200_000 if os.environ.get("HYPOTHESIS_LONG") else 20_000
"""The long form takes half a minute."""
PATIENT = UUID(int=7)
FILL = text(
    """INSERT INTO invoice (id, patient_id, dispense_id, visit_on, currency, number, created_at, issued_at, due_at,
        status, charged_minor, credited_minor)
    SELECT gen_random_uuid(),
        CASE WHEN n % 100 = 0 AND n <= 2000 THEN CAST(:patient AS uuid) ELSE gen_random_uuid() END,
        gen_random_uuid(), DATE '2026-01-01', 'EUR', n, at, at, at + INTERVAL '30 days',
        CASE WHEN n % 4 = 0 THEN 'issued' ELSE 'paid' END, 8000, CASE WHEN n % 4 = 0 THEN 0 ELSE 8000 END
    FROM (SELECT n, TIMESTAMPTZ '2020-01-01' + n * INTERVAL '1 minute' AS at
        FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n) AS numbers"""
)
LINES = text(
    """INSERT INTO invoice_line (invoice_id, name, quantity, unit_price_minor, source_event)
    SELECT id, 'Visit', 1, 8000, gen_random_uuid() FROM invoice WHERE number >= :first"""
)


def fill(session: Session, first: int, last: int) -> None:
    """Add invoices with these numbers. One in four is open and overdue, and 20 are of the patient."""
    for start in range(first, last + 1, PORTION):  # A statement may take 10 seconds.
        session.execute(FILL, {"first": start, "last": min(start + PORTION - 1, last), "patient": PATIENT})
        session.execute(LINES, {"first": start})
    session.execute(text("ANALYZE invoice, invoice_line"))


def own(session: Session) -> None:
    queries.list_own(session, patient(PATIENT), ListMyInvoices(patient_id=PATIENT, limit=20, cursor=None))


def overdue(session: Session) -> None:
    queries.list_all(session, ADMIN, ListInvoices(overdue=True, limit=20, cursor=None))


def of_status(session: Session) -> None:
    queries.list_all(session, ADMIN, ListInvoices(status=InvoiceStatus.ISSUED, limit=20, cursor=None))


def pages(session: Session, request: Callable[[Session], None]) -> int:
    """Return the pages that a list reads in the second of two runs, with its lines."""
    explain_statements(session, lambda: request(session))
    return sum(found.pages for found in explain_statements(session, lambda: request(session)))


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True)
def test_lists_of_many_invoices_cost_at_most_twice(session: Session) -> None:
    fill(session, 1, FEW)
    lists = (own, overdue, of_status)
    before = {each.__name__: pages(session, each) for each in lists}
    fill(session, FEW + 1, MANY)
    after = {each.__name__: pages(session, each) for each in lists}
    assert all(0 < after[name] <= 2 * before[name] for name in before), (before, after)
