"""Credit notes: numbered corrections of an issued invoice, with negative lines."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.persistence.database import Session
from services.billing import rules
from services.billing.corrections.discounts import Charge, Share
from services.billing.invoices import drafts
from services.billing.models.invoices import Invoice, InvoiceLine


def charges_of(session: Session, lines: Sequence[InvoiceLine]) -> list[Charge]:
    """Return what each line still charges before tax, after earlier credit notes."""
    credit = func.sum(InvoiceLine.quantity * InvoiceLine.unit_price_minor)
    query = select(InvoiceLine.corrects_line_id, credit).group_by(InvoiceLine.corrects_line_id)
    found = session.execute(query.where(InvoiceLine.corrects_line_id.in_([line.id for line in lines])))
    credited = {line_id: int(amount) for line_id, amount in found}
    return [Charge(line.net_minor + credited.get(line.id, 0), line.tax_basis_points) for line in lines]


def issue(session: Session, invoice: Invoice, reason: str, shares: Iterable[tuple[InvoiceLine, Share]]) -> Invoice:
    """Number and add the credit note of an invoice, with a line for each share that is not 0."""
    now, origin = clock.now(), uuid7()
    borne = [(line, share) for line, share in shares if share.net_minor]
    note = Invoice(
        id=uuid7(),
        patient_id=invoice.patient_id,
        corrects_id=invoice.id,
        visit_on=rules.day_of(now, config.current().hospital_timezone),
        currency=invoice.currency,
        created_at=now,
        reason=reason,
        lines=[_line(line, share, position) for position, (line, share) in enumerate(borne)],
    )
    for line in note.lines:
        line.source_event = origin
    note.issue_as_credit(session.execute(drafts.NEXT_NUMBER).scalar_one(), now)
    session.add(note)
    session.flush()  # The ledger names the credit note, which has no relationship to its entry.
    return note


def _line(line: InvoiceLine, share: Share, position: int) -> InvoiceLine:
    return InvoiceLine(
        code=line.code,
        name=line.name,
        unit_price_minor=-share.net_minor,
        tax_basis_points=line.tax_basis_points,
        tax_minor=-share.tax_minor,
        position=position,
        corrects_line_id=line.id,
    )
