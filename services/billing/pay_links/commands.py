"""Make links to pay, and pay by them. A link works until nothing is open, and for at most seven days."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.tables import outbox, relay
from contracts.billing.pay_links import (
    LINK_NOT_VALID,
    NO_ADDRESS,
    GetPayPage,
    MakePayLink,
    PayByLink,
    PayLinkIssued,
    PayLinkView,
    PayPageView,
)
from contracts.billing.payments import NOTHING_TO_PAY, PROVIDER_UNAVAILABLE
from services.billing import settings
from services.billing.invoices import ledger
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice
from services.billing.models.pay_links import PayLink
from services.billing.payments.commands import start_payment
from services.billing.providers import registry
from services.billing.providers.port import Plan

LIVES = timedelta(days=7)
SECRET_BYTES = 32
RETURN_PATH = "/pay/return"
"""The page after a checkout. Its URL has no secret, because the provider sees it."""
LOOKED_BACK = 100_000
"""The number of latest internal events that `empty_sent_events` searches for secrets each minute."""


class NewLink(NamedTuple):
    """A link whose secret is still known."""

    token: str
    expires_at: datetime

    @property
    def url(self) -> str:
        """Return the address of the page to pay."""
        return f"{config.current().public_url}/pay/{self.token}"


def new_link() -> NewLink:
    """Return a link with a new secret. Nothing is stored yet."""
    return NewLink(secrets.token_urlsafe(SECRET_BYTES), clock.now() + LIVES)


def make(session: Session, actor: Actor, command: MakePayLink) -> PayLinkView:
    """Make a link to pay, and mail it if the desk asks for that. Earlier links of the invoice end."""
    invoice = ledger.lock_invoice(session, command.invoice_id)
    if invoice.balance.open_minor <= 0:
        raise NOTHING_TO_PAY()
    if not registry.all_offered():
        raise PROVIDER_UNAVAILABLE()
    link = new_link()
    _end_earlier(session, invoice.id)
    store(session, actor, invoice.id, link)
    if command.send:
        _mail(session, invoice, link)
    session.note(record_id=invoice.id)
    return PayLinkView(url=link.url, expires_at=link.expires_at)


def store(session: Session, actor: Actor, invoice_id: UUID, link: NewLink, *, is_printed: bool = False) -> None:
    """Store the digest of a link."""
    session.add(
        PayLink(
            digest=_digest(link.token),
            invoice_id=invoice_id,
            is_printed=is_printed,
            created_by=actor.person,
            created_at=clock.now(),
            expires_at=link.expires_at,
        )
    )


def _end_earlier(session: Session, invoice_id: UUID) -> None:
    now = clock.now()
    valid = (PayLink.invoice_id == invoice_id) & (PayLink.expires_at > now) & ~PayLink.is_printed
    session.execute(update(PayLink).where(valid).values(expires_at=now))


def _mail(session: Session, invoice: Invoice, link: NewLink) -> None:
    email = session.scalar(select(Patient.email).where(Patient.id == invoice.patient_id))
    if email is None:
        raise NO_ADDRESS()
    session.publish(
        PayLinkIssued(
            invoice_id=invoice.id,
            patient_id=invoice.patient_id,
            email=email,
            token=link.token,
            expires_at=link.expires_at,
        )
    )


def get_page(session: Session, _actor: Actor, query: GetPayPage) -> PayPageView:
    """Get the amount that a link pays, and the providers that take it."""
    invoice = session.get_one(Invoice, _invoice_id_of(session, query.token))
    _refuse_without_open_amount(invoice)
    return PayPageView(
        hospital_name=settings.current().hospital_name,
        open_minor=invoice.balance.open_minor,
        currency=invoice.currency,
        providers=[each.NAME for each in registry.all_offered()],
    )


def prepare(session: Session, _actor: Actor, command: PayByLink) -> Plan:
    """Store a payment of the whole open amount, and return the plan for the provider."""
    registry.offered(command.provider)
    invoice = ledger.lock_invoice(session, _invoice_id_of(session, command.token))
    _refuse_without_open_amount(invoice)
    return start_payment(session, invoice, command.provider, None, f"{config.current().public_url}{RETURN_PATH}")


def _invoice_id_of(session: Session, token: str) -> UUID:
    valid = (PayLink.digest == _digest(token)) & PayLink.used_at.is_(None) & (PayLink.expires_at > clock.now())
    invoice_id = session.scalar(select(PayLink.invoice_id).where(valid))
    if invoice_id is None:
        raise LINK_NOT_VALID()
    return invoice_id


def _refuse_without_open_amount(invoice: Invoice) -> None:
    if invoice.balance.open_minor <= 0:
        raise LINK_NOT_VALID()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def empty_sent_events(session: Session, _actor: Actor) -> None:
    """Empty sent events that carried the secret of a link.

    An emptied event keeps its sequence number, which must have no gaps. It loses its name, so that no replay sends it.
    """
    sent_through = session.scalar(select(relay.c.sent_through).where(relay.c.internal)) or 0
    sent = outbox.c.sequence.between(sent_through - LOOKED_BACK, sent_through)
    emptied: dict[str, object] = {"name": "forgotten", "subject": "", "data": {}}
    is_secret = outbox.c.name == PayLinkIssued.event_name()
    session.execute(update(outbox).where(outbox.c.internal, sent, is_secret).values(emptied))
