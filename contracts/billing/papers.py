"""Printed invoices."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import Query, View
from chassis.errors import Conflict
from chassis.refusals import BUSY, Refusal
from contracts.billing.invoices import PATIENT
from contracts.roles import Role

NOT_ISSUED = Refusal(
    Conflict,
    "not_issued",
    "The invoice has not been issued yet.",
    "The invoice is a draft, which has no number and no paper yet.",
)
PRINT = "print"
"""The line at the gateway in which papers wait for each other."""
DEADLINE = 10.0
"""Seconds until a paper is ready: a hundred invoices at once wait in line."""


class PaperType(StrEnum):
    """The media types of papers."""

    PDF = "application/pdf"
    CSV = "text/csv"


class PaperView(View):
    """A document, ready to be saved or printed."""

    media_type: PaperType
    name: Annotated[str, "The name of the file."]
    content: Annotated[str, "The bytes of the file in Base64."]


class PrintMyInvoice(
    Query,
    service="billing",
    roles=PATIENT,
    returns=PaperView,
    refuses=(NOT_ISSUED, BUSY),
    line=PRINT,
    deadline=DEADLINE,
    audited=True,
):
    """Get the caller's own invoice or credit note as PDF."""

    patient_id: UUID
    invoice_id: Annotated[UUID, "The invoice."]


class PrintInvoice(
    Query,
    service="billing",
    roles={Role.RECEPTIONIST, Role.ADMIN},
    returns=PaperView,
    refuses=(NOT_ISSUED, BUSY),
    line=PRINT,
    deadline=DEADLINE,
    audited=True,
):
    """Get an invoice or a credit note as PDF."""

    invoice_id: Annotated[UUID, "The invoice."]
