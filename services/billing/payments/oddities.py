"""Note money that does not fit, for an admin. A repeated message is noted once."""

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from chassis.persistence.upserts import upsert
from contracts.billing.odd_payments import OddKind
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment
from services.billing.models.refunds import Refund
from services.billing.providers.port import Looked, Notice


def note(session: Session, kind: OddKind, payment: Payment, looked: Looked | None = None) -> None:
    """Note money of a known payment."""
    _add(
        session,
        provider=payment.provider,
        kind=kind,
        provider_key=(looked and looked.provider_payment_id) or payment.reference,
        payment_id=payment.id,
        reference=payment.reference,
        provider_payment_id=looked.provider_payment_id if looked else None,
        amount_minor=looked.amount_minor if looked else payment.amount_minor,
        currency=looked.currency if looked else payment.currency,
    )


def note_webhook(session: Session, kind: OddKind, provider: str, notice: Notice, payment: Payment | None) -> None:
    """Note a webhook that fits nothing here."""
    looked = notice.looked
    refund_id = notice.provider_refund_id or (notice.event_id if kind == OddKind.UNKNOWN_REFUND else None)
    _add(
        session,
        provider=provider,
        kind=kind,
        provider_key=refund_id or notice.reference or notice.provider_payment_id or notice.event_id,
        payment_id=payment.id if payment else None,
        reference=notice.reference,
        provider_payment_id=notice.provider_payment_id or (looked.provider_payment_id if looked else None),
        amount_minor=looked.amount_minor if looked else None,
        currency=looked.currency if looked else None,
    )


def note_refund(session: Session, refund: Refund, payment: Payment) -> None:
    """Note an approved refund that its provider does not complete.

    The row names no payment of the provider: settling it must not pay the money back a second time.
    """
    _add(
        session,
        provider=payment.provider,
        kind=OddKind.REFUND_NEEDS_ATTENTION,
        provider_key=str(refund.id),
        payment_id=payment.id,
        reference=payment.reference,
        provider_payment_id=None,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
    )


def _add(session: Session, **facts: object) -> None:
    new = dict.fromkeys(("settlement", "settled_by", "settled_at", "reason", "provider_refund_id"))
    row = {**new, "id": uuid7(), "at": clock.now(), **facts}
    upsert(session, OddPayment, row, "provider kind provider_key")
