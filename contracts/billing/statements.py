"""Statements: a patient's invoices, payments and refunds of a period, with the balance before and after."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Query, View
from chassis.refusals import BUSY
from contracts.billing.invoices import PATIENT
from contracts.billing.papers import DEADLINE, PRINT, PaperView
from records.fields import Facts, Key

SANE = validate.Range(date(1900, 1, 1), date(2999, 12, 31))
FROM, TO = Facts({"description": "The first day."}, example="2026-11-01"), Facts({"description": "The last day."})


class StatementFormat(StrEnum):
    """The formats of a statement."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


class EntryKind(StrEnum):
    """The kinds of entries. An invoice and a refund raise the balance, all others lower it."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"
    DISCOUNT = "discount"
    WRITE_OFF = "write_off"
    REVERSAL = "reversal"
    """The rest of an invoice, taken back because the invoice is void."""
    RETURN = "return"
    """A part of an invoice, taken back because its money was paid back."""


class StatementEntryView(View):
    """A change of the balance."""

    at: datetime
    kind: EntryKind
    invoice_id: UUID
    invoice_number: int | None
    text: Annotated[str, Facts({"description": "The lines of the invoice."}, example="Visit to a cardiologist")]
    amount_minor: Annotated[int, "Positive if the patient owes more, negative if the patient owes less."]
    balance_minor: Annotated[int, "The balance of the currency after this entry."]
    currency: str


class StatementBalanceView(View):
    """The balance of a currency. It is positive if the patient owes money, negative if the hospital does."""

    currency: str
    opening_minor: Annotated[int, "The balance before the first day."]
    closing_minor: Annotated[int, "The balance after the last day."]


class StatementView(View):
    """The invoices, payments and refunds of a period, oldest first."""

    from_: Annotated[date, Key("from")]
    to: date
    balances: list[StatementBalanceView]
    entries: list[StatementEntryView]


class StatementQuery(Query):
    """Base of the queries for a statement. Days are days in `HOSPITAL_TIMEZONE`."""

    patient_id: UUID
    from_: Annotated[date, SANE, FROM, Key("from")]
    to: Annotated[date, SANE, TO]
    format: Annotated[StatementFormat, "A PDF or CSV file instead of JSON."] = StatementFormat.JSON


class GetMyStatement(StatementQuery, service="billing", roles=PATIENT, returns=StatementView, refuses=(BUSY,)):
    """Get the caller's statement of a period of at most 1,000 entries, as JSON, CSV or PDF."""


class PrintMyStatement(
    StatementQuery,
    service="billing",
    roles=PATIENT,
    returns=PaperView,
    refuses=(BUSY,),
    line=PRINT,
    deadline=DEADLINE,
    audited=True,
):
    """Get the caller's statement of a period as a file."""
