"""Webhooks of payment providers: read, look up where the message is no proof, and apply, each once."""

import base64
import binascii
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select, update

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import upsert
from contracts.billing.odd_payments import OddKind, Settlement
from contracts.billing.refunds import RefundStatus
from contracts.billing.webhooks import UNREADABLE_WEBHOOK, WRONG_SIGNATURE, Effect, ReceiveWebhook, WebhookView
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment, ProviderEvent
from services.billing.models.refunds import Refund
from services.billing.payments import oddities, settlement
from services.billing.payments.checkouts import checkout_of
from services.billing.providers import registry
from services.billing.providers.port import (
    Checkout,
    Looked,
    Notice,
    Outcome,
    Topic,
    UnreadableWebhookError,
    WrongSignatureError,
)

REFUNDABLE = (
    OddKind.OVERPAYMENT,
    OddKind.WRONG_AMOUNT,
    OddKind.WRONG_CURRENCY,
    OddKind.UNKNOWN_REFERENCE,
    OddKind.UNKNOWN_REFUND,
)
"""The kinds of odd payments that explain money that was paid back."""


@dataclass(frozen=True, slots=True)
class Received:
    """A webhook whose signature is right, with its payment to be looked up, if there is one."""

    notice: Notice
    checkout: Checkout | None


def read(session: Session, _actor: Actor, command: ReceiveWebhook) -> Received:
    """Check the signature, read the webhook and find its payment."""
    notice = _notice_of(command)
    payment = _payment_of(session, command.provider, notice)
    must_look = notice.topic == Topic.PAYMENT and notice.looked is None
    return Received(notice, checkout_of(payment) if payment is not None and must_look else None)


def _notice_of(command: ReceiveWebhook) -> Notice:
    try:
        body = base64.b64decode(command.body, validate=True)
        return registry.offered(command.provider).read_webhook(command.headers, body, clock.now())
    except WrongSignatureError:
        raise WRONG_SIGNATURE() from None
    except (UnreadableWebhookError, binascii.Error):
        raise UNREADABLE_WEBHOOK() from None


def look_up(received: Received, _command: ReceiveWebhook) -> Looked | None:
    """Return the state of the payment: of the signed message if it is proof, else of the provider."""
    return registry.look_up(received.checkout) if received.checkout is not None else received.notice.looked


def apply(
    session: Session, _actor: Actor, received: Received, looked: Looked | None, command: ReceiveWebhook
) -> WebhookView:
    """Apply a webhook once. A repeated webhook changes nothing."""
    notice = received.notice
    payment = _payment_of(session, command.provider, notice)
    facts = {"kind": notice.kind[:100], "payment_id": payment.id if payment else None, "at": clock.now()}
    event = {"provider": command.provider, "event_id": notice.event_id, **facts}
    if not upsert(session, ProviderEvent, event, "provider event_id"):
        return WebhookView(effect=Effect.REPEATED)
    return WebhookView(effect=_effect_of(session, command.provider, notice, payment, looked))


def _effect_of(
    session: Session, provider: str, notice: Notice, payment: Payment | None, looked: Looked | None
) -> Effect:
    if notice.topic == Topic.PAYMENT:
        return _apply_payment(session, provider, notice, payment, looked)
    if notice.topic == Topic.REFUND:
        return _apply_refund(session, provider, notice, payment)
    if notice.topic == Topic.DISPUTE:
        oddities.note_webhook(session, OddKind.DISPUTE, provider, notice, payment)
        return Effect.LISTED
    return Effect.IGNORED


def _apply_payment(
    session: Session, provider: str, notice: Notice, payment: Payment | None, looked: Looked | None
) -> Effect:
    if payment is not None and looked is not None:
        return Effect.APPLIED if settlement.settle(session, payment.id, looked) else Effect.IGNORED
    if payment is None and (notice.looked is None or notice.looked.outcome == Outcome.SUCCEEDED):
        oddities.note_webhook(session, OddKind.UNKNOWN_REFERENCE, provider, notice, None)
        return Effect.LISTED
    return Effect.IGNORED


def _apply_refund(session: Session, provider: str, notice: Notice, payment: Payment | None) -> Effect:
    """Let the timer of refunds look the refund up now. List money that was paid back without a refund here."""
    known = select(Refund).where(_is_refund_of(notice, payment))
    refunds = session.scalars(known).all()
    waiting = [refund.id for refund in refunds if refund.status == RefundStatus.APPROVED]
    if waiting:
        session.execute(update(Refund).where(Refund.id.in_(waiting)).values(next_look_at=clock.now()))
        return Effect.APPLIED
    if refunds or _is_listed(session, provider, notice):
        return Effect.IGNORED
    oddities.note_webhook(session, OddKind.UNKNOWN_REFUND, provider, notice, payment)
    return Effect.LISTED


def _is_listed(session: Session, provider: str, notice: Notice) -> bool:
    """Return whether an admin has this refund on the list already: of odd money, which is or was to be settled so.

    A provider sends several webhooks about one refund, and the first may come before its settlement is stored.
    """
    by_money = OddPayment.provider_payment_id == notice.provider_payment_id
    same = by_money if notice.provider_payment_id else OddPayment.reference == notice.reference
    waits = and_(OddPayment.settled_at.is_(None), OddPayment.kind.in_(REFUNDABLE))
    explains = or_(OddPayment.settlement == Settlement.REFUND, waits)
    found = select(OddPayment.id).where(OddPayment.provider == provider, same, explains)
    return session.scalar(found.limit(1)) is not None


def _is_refund_of(notice: Notice, payment: Payment | None) -> ColumnElement[bool]:
    """Match the refunds that a webhook can be about."""
    own = Refund.payment_id == payment.id if payment is not None else false()
    return or_(Refund.provider_refund_id == notice.provider_refund_id, own) if notice.provider_refund_id else own


def _payment_of(session: Session, provider: str, notice: Notice) -> Payment | None:
    """Find the payment by our reference, of which a later start has the suffix `-2`, or by the id of the money."""
    names: list[ColumnElement[bool]] = []
    if notice.reference is not None:
        names.append(Payment.reference == notice.reference.partition("-")[0])
    if notice.provider_payment_id is not None:
        names.append(Payment.provider_payment_id == notice.provider_payment_id)
    if not names:
        return None
    query = select(Payment).where(Payment.provider == provider, or_(*names)).order_by(Payment.created_at)
    return session.scalars(query.limit(1)).one_or_none()
