"""Builders for the tests of billing. Each has defaults, so that a test names only what matters to it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import eventlet
from sqlalchemy import event as sql_event
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.call import Call
from chassis.config import Config
from chassis.event import Event, Origin
from chassis.execution.waits import Waits
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import DoctorApproved
from contracts.billing.invoices import InvoiceView, ListMyInvoices
from contracts.billing.payments import FinishSandboxCheckout, PayInvoice, Provider
from contracts.billing.prices import SetPrice
from contracts.scheduling.appointments.events import VisitCompleted, VisitCompletionUndone
from services.billing import directory
from services.billing.invoices import drafts, queries
from services.billing.invoices.handlers import on_visit_completed, on_visit_completion_undone
from services.billing.models.invoices import Invoice, InvoiceLine
from services.billing.models.payments import Payment
from services.billing.payments import commands, sandbox_checkout
from services.billing.prices.commands import set_price
from services.billing.providers import registry
from services.billing.settings import BillingSettings
from tests.calls import delivered
from tests.events import example_of

ADMIN = Actor(id=uuid7(), roles=frozenset({"admin"}), verified=True)
VISITED_AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
LONG_AGO = date(2026, 1, 1)


def settings(**changes: Any) -> Config:
    defaults = {
        "amqp_url": "embedded://billing",
        "database_urls": {},
        "jwks_file": Path("jwks.json"),
        "signing_keys": Path("keys"),
        "hospital_timezone": ZoneInfo("Europe/Berlin"),
        "http_host": "127.0.0.1",
        "http_port": 8000,
        "health_port": 0,
        "public_url": "http://hospital.example",
        "mail_url": "file:mail",
        "mail_from": "hospital@localhost",
        "mfa_required_roles": frozenset(),
        "attachments_url": "file:attachments",
        "of_services": {BillingSettings: BillingSettings(allow_sandbox_payments=True)},
        "allow_unsigned_events": False,
        "workers": 16,
        "retry_delays": (1.0,),
        "log_level": "INFO",
    }
    return Config(**{**defaults, **changes})


def patient(person: UUID | None = None) -> Actor:
    return Actor(id=person or uuid7(), roles=frozenset({"patient"}), verified=True)


def an_origin(sequence: int = 1) -> Origin:
    """The source of an event."""
    return Origin(uuid7(), "somewhere", "something", sequence, VISITED_AT, "subject", "correlation")


def heard(session: Session, sequence: int = 1) -> Actor:
    """Deliver an event to the session; returns the actor of its handler."""
    return delivered(session, an_origin(sequence))


def approve(session: Session, doctor_id: UUID, specialization: str = "cardiology", sequence: int = 1) -> None:
    directory.on_doctor_approved(
        session,
        heard(session, sequence),
        example_of(DoctorApproved, doctor_id=doctor_id, specialization=specialization),
    )


def price(session: Session, amount_minor: int = 8000, **fields: Any) -> Any:
    given = {"code": "consultation:cardiology", "name": "Cardiology visit", "valid_from": LONG_AGO, **fields}
    return set_price(session, ADMIN, SetPrice(amount_minor=amount_minor, **given))


def visit(session: Session, **fields: Any) -> Invoice:
    """Complete a visit; return its invoice."""
    ids = {"appointment_id": uuid7(), "doctor_id": uuid7(), "patient_id": uuid7()}
    given = {**ids, "starts_at": VISITED_AT, "revision": 4, **fields}
    on_visit_completed(session, heard(session), example_of(VisitCompleted, **given))
    session.flush()
    return session.scalars(select(Invoice).where(Invoice.appointment_id == given["appointment_id"])).one()


def undo(session: Session, appointment_id: UUID | None, revision: int = 5) -> None:
    """Undo the completion of a visit."""
    on_visit_completion_undone(
        session, heard(session), example_of(VisitCompletionUndone, appointment_id=appointment_id, revision=revision)
    )
    session.flush()


def invoice(session: Session, payer: Actor | None = None, amount_minor: int = 8000) -> Invoice:
    """Return an issued invoice whose doctor has a specialization and price of its own."""
    doctor_id = uuid7()
    approve(session, doctor_id, str(doctor_id))
    price(session, amount_minor, code=f"consultation:{doctor_id}")
    return visit(session, doctor_id=doctor_id, patient_id=(payer or patient()).person)


def bill_of(session: Session, *lines: tuple[int, int, int, int], currency: str = "EUR") -> Invoice:
    """Return an issued invoice. A line is quantity, price, discount, and tax in basis points."""
    bill = Invoice(
        id=uuid7(),
        patient_id=uuid7(),
        dispense_id=uuid7(),
        visit_on=VISITED_AT.date(),
        currency=currency,
        created_at=VISITED_AT,
        lines=[_priced(position, *line) for position, line in enumerate(lines)],
    )
    drafts.complete(session, [bill])
    session.add(bill)
    session.flush()
    return bill


def _priced(position: int, quantity: int, unit_price_minor: int, discount_minor: int, tax: int) -> InvoiceLine:
    line = InvoiceLine(code=f"item:{position}", name="Item", quantity=quantity, source_event=uuid7())
    line.price("Item", unit_price_minor, tax)
    line.discount(discount_minor)
    return line


def pay(session: Session, bill: Invoice, amount_minor: int | None = None, *, return_url: str | None = None) -> Payment:
    """Return a payment that waits for its payer."""
    payer, provider = patient(bill.patient_id), Provider.SANDBOX
    ids = {"patient_id": bill.patient_id, "invoice_id": bill.id}
    command = PayInvoice(provider=provider, amount_minor=amount_minor, return_url=return_url, **ids)
    plan = commands.prepare_payment(session, payer, command)
    session.flush()
    commands.record_checkout(session, payer, plan, registry.start(plan, command), command)
    session.flush()
    return session.get_one(Payment, UUID(plan["payment_id"]))


def press(session: Session, payment: Payment | str, outcome: Literal["pay", "decline"] = "pay") -> Payment:
    """Press a button of the checkout page; return the payment."""
    reference = payment if isinstance(payment, str) else payment.reference
    pressed = sandbox_checkout.finish_checkout(
        session, patient(), FinishSandboxCheckout(reference=reference, outcome=outcome)
    )
    session.flush()
    return pressed


def view_of(session: Session, bill: Invoice) -> InvoiceView:
    """Return the invoice as its patient sees it."""
    session.flush()
    query = ListMyInvoices(patient_id=bill.patient_id, limit=100, cursor=None)
    found: list[InvoiceView] = queries.list_own(session, patient(bill.patient_id), query).items
    return next(view for view in found if view.id == bill.id)


def published(session: Session, kind: type[Event]) -> list[dict[str, Any]]:
    """Return the data of the published events of a kind."""
    return [event.data for event in session.published if type(event) is kind]


def host(database: Database, caller: Actor, key: str = "key", origin: Origin | None = None) -> Any:
    """Return a stand-in for the service without a broker, for calls of its methods."""
    return SimpleNamespace(
        name="billing",
        database=database,
        relay=SimpleNamespace(wake=lambda: None),
        verifier=SimpleNamespace(actor=lambda _token: caller),
        waits=Waits(4),
        call=Call(token="token", request_id="request", key=key, origin=origin),
    )


def together(work: Callable[..., Any], arguments: Iterable[Any]) -> list[Any]:
    """Run the work for all arguments at the same time in green threads; return the results."""
    with eventlet.Timeout(30):
        return [thread.wait() for thread in [eventlet.spawn(work, argument) for argument in arguments]]


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Collect the SQL statements that the block sends."""
    sent: list[str] = []
    note = lambda _connection, _cursor, statement, *_rest: sent.append(statement)  # noqa: E731
    engine = session.get_bind().engine
    sql_event.listen(engine, "before_cursor_execute", note)
    yield sent
    sql_event.remove(engine, "before_cursor_execute", note)
