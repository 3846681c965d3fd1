"""Links to pay: who makes them, when they work, and that their secret is stored nowhere."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from chassis import clock
from chassis.errors import Conflict, NotFound
from chassis.identity import NOBODY, Actor
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import idempotency, outbox, relay
from contracts.billing.papers import PrintInvoice
from contracts.billing.pay_links import GetPayPage, MakePayLink, PayByLink, PayLinkIssued, PayPageView
from contracts.billing.payments import Provider
from services.billing.models.directory import Patient
from services.billing.models.invoices import Invoice
from services.billing.models.pay_links import PayLink
from services.billing.models.payments import Payment
from services.billing.papers import queries
from services.billing.pay_links import commands
from services.billing.service import BillingService
from services.billing.settings import BillingSettings
from tests.billing.factories import host, invoice, patient, pay, press, published, visit
from tests.settings import give_settings

DESK = Actor(id=patient().person, roles=frozenset({"receptionist"}), verified=True)
URL = "http://hospital.example/pay/"


def link(session: Session, bill: Invoice, *, send: bool = False) -> str:
    """Make a link to pay; return its secret."""
    session.flush()
    made = commands.make(session, DESK, MakePayLink(invoice_id=bill.id, send=send))
    session.flush()
    return made.url.removeprefix(URL)


def opened(session: Session, token: str) -> PayPageView:
    """Return the page of a link."""
    session.flush()
    return commands.get_page(session, NOBODY, GetPayPage(token=token))


def assert_ended(session: Session, token: str) -> None:
    """Assert that a link neither shows an amount nor pays."""
    session.flush()
    with pytest.raises(NotFound, match="link_not_valid"):
        opened(session, token)
    with pytest.raises(NotFound, match="link_not_valid"):
        commands.prepare(session, NOBODY, PayByLink(token=token, provider=Provider.SANDBOX))


def test_page_shows_hospital_amount_and_providers_alone(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    give_settings(monkeypatch, BillingSettings(hospital_name="St Anne", allow_sandbox_payments=True))
    shown = opened(session, link(session, invoice(session, amount_minor=8000)))
    assert PayPageView.dump_one(shown) == {
        "hospital_name": "St Anne",
        "open_minor": 8000,
        "currency": "EUR",
        "providers": ["sandbox"],
    }


def test_link_is_stored_as_a_digest_for_seven_days(session: Session) -> None:
    bill = invoice(session)
    token = link(session, bill)
    kept = session.scalars(select(PayLink).where(PayLink.invoice_id == bill.id)).one()
    assert (len(token), kept.created_by, kept.used_at) == (43, DESK.id, None)
    assert token not in {str(value) for value in vars(kept).values()}
    assert timedelta(days=6, hours=23) < kept.expires_at - clock.now() <= timedelta(days=7)


def test_new_link_replaces_the_earlier_one(session: Session) -> None:
    bill = invoice(session)
    first, second = link(session, bill), link(session, bill)
    assert_ended(session, first)
    assert opened(session, second).open_minor == 8000


def test_unknown_link_is_not_valid(session: Session) -> None:
    assert_ended(session, "q" * 43)


def test_expired_link_is_not_valid(session: Session) -> None:
    token = link(session, invoice(session))
    session.execute(update(PayLink).values(expires_at=clock.now()))
    assert_ended(session, token)


def test_link_pays_the_whole_open_amount_and_ends(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    press(session, pay(session, bill, 3000))
    token = link(session, bill)
    plan = commands.prepare(session, NOBODY, PayByLink(token=token, provider=Provider.SANDBOX))
    assert (plan["amount_minor"], plan["return_url"]) == (5000, f"{URL}return")
    session.flush()
    payment = session.scalars(select(Payment).where(Payment.reference == plan["reference"])).one()
    payment.begin("http://hospital.example/checkout")
    press(session, payment)
    assert_ended(session, token)


def test_used_link_stays_used_when_an_amount_opens_again(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    token = link(session, bill)
    press(session, pay(session, bill))
    bill.refunded_minor = 1000
    session.flush()
    assert bill.balance.open_minor == 1000
    assert_ended(session, token)


def test_part_payment_keeps_the_link(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    token = link(session, bill)
    press(session, pay(session, bill, 3000))
    assert opened(session, token).open_minor == 5000


def test_link_ends_when_the_invoice_is_written_off(session: Session) -> None:
    bill = invoice(session, amount_minor=8000)
    token = link(session, bill)
    bill.written_off_minor = 8000
    assert_ended(session, token)


def test_draft_gets_no_link(session: Session) -> None:
    with pytest.raises(Conflict, match="nothing_to_pay"):
        link(session, visit(session))


def test_hospital_without_a_provider_makes_no_link(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = invoice(session)
    give_settings(monkeypatch, BillingSettings())
    with pytest.raises(Conflict, match="provider_unavailable"):
        link(session, bill)


def test_sent_link_is_published_for_a_mail_to_the_patient(session: Session) -> None:
    bill = invoice(session)
    session.add(Patient(id=bill.patient_id, email="asha@example.org"))
    token = link(session, bill, send=True)
    (event,) = published(session, PayLinkIssued)
    assert (event["email"], event["token"]) == ("asha@example.org", token)


def test_link_cannot_be_sent_without_an_address(session: Session) -> None:
    bill = invoice(session)
    with pytest.raises(Conflict, match="no_address"):
        link(session, bill, send=True)


def test_desk_prints_a_link_that_a_later_link_does_not_replace(session: Session) -> None:
    bill = invoice(session)
    session.flush()
    query = PrintInvoice(invoice_id=bill.id)
    desk = queries.prepare(session, DESK, query)
    queries.finish(session, DESK, desk, b"", query)
    link(session, bill)
    assert desk.link is not None
    assert desk.content["link"]["url"] == desk.link.url
    assert opened(session, desk.link.token).open_minor == 8000


def test_paid_invoice_is_printed_without_a_link(session: Session) -> None:
    bill = invoice(session)
    press(session, pay(session, bill))
    session.flush()
    desk = queries.prepare(session, DESK, PrintInvoice(invoice_id=bill.id))
    assert (desk.link, desk.content["link"]) == (None, None)


# --- as in the service -----------------------------------------------------------------------------------------


def made(database: Database) -> str:
    """Make a link of a committed invoice through the service; return its secret."""
    with database.begin() as session:
        bill = invoice(session)
        session.add(Patient(id=bill.patient_id, email="asha@example.org"))
    reply: Any = BillingService.make_pay_link(host(database, DESK), invoice_id=str(bill.id), send=True)
    return str(reply["url"]).removeprefix(URL)


def test_stranger_gets_a_checkout_page_by_link(fresh: Database) -> None:
    token = made(fresh)
    reply: Any = BillingService.pay_by_link(host(fresh, NOBODY), token=token, provider="sandbox")
    with fresh.read() as session:
        payment = session.scalars(select(Payment)).one()
    assert (payment.status, payment.checkout_url) == ("pending", reply["checkout_url"])


def test_secret_of_a_link_is_not_among_stored_replies(fresh: Database) -> None:
    token = made(fresh)
    BillingService.pay_by_link(host(fresh, NOBODY), token=token, provider="sandbox")
    with fresh.read() as session:
        stored = [str(tuple(row)) for row in session.execute(select(idempotency))]
    assert len(stored) == 1
    assert token not in stored[0]


def test_sent_event_loses_the_secret_of_its_link(fresh: Database) -> None:
    made(fresh)
    with fresh.begin() as session:
        session.execute(update(outbox).values(sequence=1))
        session.execute(update(relay).where(relay.c.internal).values(sent_through=1))
        commands.empty_sent_events(session, NOBODY)
    with fresh.read() as session:
        left = session.scalar(select(func.count()).where(outbox.c.name == PayLinkIssued.event_name()))
        emptied = session.scalar(select(func.count()).where(outbox.c.name == "forgotten"))
    assert (left, emptied) == (0, 1)
