"""Builders of papers, and the fonts that some of them need."""

from io import BytesIO

import pypdf
import pytest

from chassis.persistence.database import Session
from contracts.billing.papers import PrintInvoice
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice
from services.billing.papers import fonts, queries
from services.billing.papers.typesetter import typeset
from tests.billing.factories import ADMIN

PACKAGES = "the Debian packages fonts-noto-core and fonts-droid-fallback are not installed"


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF, with single spaces."""
    pages = pypdf.PdfReader(BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def printed(session: Session, bill: Invoice) -> str:
    """Return the text of an invoice's paper."""
    session.flush()
    query = PrintInvoice(invoice_id=bill.id)
    return text_of(queries.render(queries.prepare(session, ADMIN, query), query))


def name_patient(session: Session, bill: Invoice, name: str) -> None:
    """Copy a name of the invoice's patient."""
    session.add(Patient(id=bill.patient_id, name=name, mrn="MRN-000042"))
    session.flush()


def letter(name: str) -> bytes:
    """Return a small paper with a name on it."""
    return typeset("statement", {"title": "Statement", "facts": [("Patient", name)], "parts": []})


@pytest.fixture
def all_scripts() -> None:
    """Skip the test if the fonts of the image are missing."""
    if not {"Noto Sans Devanagari", "Droid Sans Fallback"} <= set(fonts.all_fonts().families()):
        pytest.skip(PACKAGES)
