"""The content of a printed invoice or credit note."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypedDict

from chassis import config
from contracts.billing.invoices import InvoiceStatus
from contracts.money import exact, in_words
from services.billing import rules
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund

Row = tuple[str, ...]
NOTICES = {
    InvoiceStatus.VOID: "Void: nothing is owed.",
    InvoiceStatus.WRITTEN_OFF: "Written off: nothing is owed.",
}
METHODS = {"cash": "Cash", "card_terminal": "Card", "sandbox": "Test payment"}
TAKEN_BACK = (
    ("Void", "reversed"),
    ("Credit notes", "discounted"),
    ("Written off", "written_off"),
    ("Taken back with a refund", "returned"),
    ("Paid", "credited"),
)
"""The sums of a `Balance` that lower the open amount, with their names on paper."""


class Printed(NamedTuple):
    """An invoice with everything that its paper shows."""

    invoice: Invoice
    lines: list[InvoiceLine]
    payments: list[Payment]
    """The successful payments."""
    refunds: list[Refund]
    """The completed refunds."""
    patient: Patient | None
    corrected_number: int | None
    """The number of the invoice that a credit note corrects."""


class Link(TypedDict):
    """A link to pay, with its QR code as SVG."""

    url: str
    code: str
    until: str


class Content(TypedDict):
    """The JSON of `templates/invoice.typ`. Each row is a tuple of cells."""

    title: str
    facts: list[Row]
    patient: list[Row]
    notice: str | None
    lines: list[Row]
    totals: list[Row]
    due: Row
    payments: list[Row]
    link: Link | None


def content_of(printed: Printed) -> Content:
    """Return the content of an issued invoice."""
    invoice = printed.invoice
    return {
        "title": f"{_kind_of(invoice)} {invoice.number}",
        "facts": _facts(printed),
        "patient": patient_rows(printed.patient),
        "notice": NOTICES.get(InvoiceStatus(invoice.status)),
        "lines": [_line(line, invoice.currency) for line in printed.lines],
        "totals": [*_sums(printed.lines, invoice.currency), *_changes(invoice)],
        "due": _due(invoice),
        "payments": _movements(printed),
        "link": None,
    }


def _kind_of(invoice: Invoice) -> str:
    return "Invoice" if invoice.corrects_id is None else "Credit note"


def on_paper(moment: datetime) -> str:
    """Return the day of a time on the hospital's clock: `24 November 2026`."""
    day = rules.day_of(moment, config.current().hospital_timezone)
    return f"{day.day} {day:%B %Y}"


def patient_rows(patient: Patient | None) -> list[Row]:
    """Return the name and the record number of a patient, as far as they are known."""
    name = patient.name if patient is not None else ""
    mrn = patient.mrn if patient is not None else None
    return [("Patient", name or "(not known)"), ("Record number", mrn or "(not known)")]


def _facts(printed: Printed) -> list[Row]:
    invoice = printed.invoice
    rows: list[Row] = [(f"{_kind_of(invoice)} number", str(invoice.number))]
    if printed.corrected_number is not None:
        rows.append(("Corrects invoice", str(printed.corrected_number)))
    if invoice.issued_at is not None:
        rows.append(("Issued on", on_paper(invoice.issued_at)))
    if invoice.due_at is not None and invoice.corrects_id is None:
        rows.append(("Due on", on_paper(invoice.due_at)))
    return [*rows, ("Status", invoice.status.replace("_", " "))]


def _line(line: InvoiceLine, currency: str) -> Row:
    price = line.unit_price_minor or 0
    discount = str(exact(line.discount_minor, currency)) if line.discount_minor else ""
    amount = in_words(line.amount_minor, currency)
    return line.name, str(line.quantity), f"{exact(price, currency):,}", discount, rate(line.tax_basis_points), amount


def rate(basis_points: int) -> str:
    """Return a tax rate in percent: `7.5 %`."""
    return f"{Decimal(basis_points).scaleb(-2).normalize():f} %"


def _sums(lines: Iterable[InvoiceLine], currency: str) -> list[Row]:
    """Return the amount before tax, the taxes by rate, and the total."""
    nets: dict[int, int] = defaultdict(int)
    taxes: dict[int, int] = defaultdict(int)
    for line in lines:
        nets[line.tax_basis_points] += line.net_minor
        taxes[line.tax_basis_points] += line.tax_minor
    by_rate: list[Row] = [
        (f"Tax {rate(each)} on {in_words(nets[each], currency)}", in_words(taxes[each], currency))
        for each in sorted(nets)
        if each
    ]
    net, total = sum(nets.values()), sum(nets.values()) + sum(taxes.values())
    return [("Total before tax", in_words(net, currency)), *by_rate, ("Total", in_words(total, currency))]


def _changes(invoice: Invoice) -> list[Row]:
    """Return the sums that changed the open amount since the issue."""
    sums = invoice.balance._asdict()
    rows: list[Row] = [(name, in_words(-sums[field], invoice.currency)) for name, field in TAKEN_BACK if sums[field]]
    return [*rows, ("Refunded", in_words(sums["refunded"], invoice.currency))] if sums["refunded"] else rows


def _due(invoice: Invoice) -> Row:
    balance = invoice.balance
    if balance.refund_minor:
        return "To be refunded", in_words(balance.refund_minor, invoice.currency)
    return "Open amount", in_words(balance.open_minor, invoice.currency)


def _movements(printed: Printed) -> list[Row]:
    """Return payments and refunds, oldest first."""
    paid = [(each.finished_at, _method(each.provider), each.amount_minor) for each in printed.payments]
    refunded = [(each.finished_at, "Refund", -each.amount_minor) for each in printed.refunds]
    done = [(at, by, amount) for at, by, amount in [*paid, *refunded] if at is not None]
    currency = printed.invoice.currency
    return [(on_paper(at), by, in_words(amount, currency)) for at, by, amount in sorted(done)]


def _method(provider: str) -> str:
    return METHODS.get(provider, provider.capitalize())
