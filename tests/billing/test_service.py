"""The table of the service, called as by the broker: plain data, and a transaction per call."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select

from chassis.event import Origin
from chassis.identity import NOBODY, Actor
from chassis.persistence.database import Database
from contracts.auth.events import DoctorApproved
from contracts.scheduling.appointments.events import VisitCompleted
from services.billing.models.invoices import Invoice
from services.billing.service import BillingService
from tests.billing.factories import ADMIN, an_origin, host, patient

PRICE = {"code": "consultation:cardiology", "name": "Visit", "amount_minor": 8000, "valid_from": "2026-01-01"}
PATIENT = patient(UUID(VisitCompleted.example["patient_id"]))


def hear(database: Database, kind: type[DoctorApproved | VisitCompleted], origin: Origin) -> None:
    """Deliver the example of an event."""
    handler = getattr(BillingService, f"on_{kind.event_name()}")
    handler(host(database, NOBODY, origin=origin), **kind.example)


def ask(database: Database, method: str, caller: Actor, **payload: Any) -> Any:
    """Send a request; return the reply as a client reads it."""
    return orjson.loads(orjson.dumps(getattr(BillingService, method)(host(database, caller), **payload)))


def test_visit_becomes_a_paid_invoice(fresh: Database) -> None:
    hear(fresh, DoctorApproved, an_origin())
    assert ask(fresh, "set_price", ADMIN, **PRICE)["currency"] == "EUR"
    hear(fresh, VisitCompleted, an_origin())
    me = {"patient_id": str(PATIENT.id)}
    (issued,) = ask(fresh, "list_my_invoices", PATIENT, **me)["items"]
    assert (issued["number"], issued["status"], issued["total_minor"]) == (1, "issued", 8000)
    checkout = ask(fresh, "pay_invoice", PATIENT, **me, invoice_id=issued["id"], provider="sandbox")
    reference = checkout["checkout_url"].rpartition("/")[2]
    assert ask(fresh, "get_sandbox_checkout", NOBODY, reference=reference)["status"] == "pending"
    assert ask(fresh, "finish_sandbox_checkout", NOBODY, reference=reference, outcome="pay")["status"] == "succeeded"
    assert ask(fresh, "list_my_invoices", PATIENT, **me)["items"][0]["status"] == "paid"
    (payment,) = ask(fresh, "list_my_payments", PATIENT, **me)["items"]
    assert (payment["id"], payment["status"]) == (checkout["payment_id"], "succeeded")


def test_repeated_event_has_its_effect_once(fresh: Database) -> None:
    again = an_origin()
    hear(fresh, VisitCompleted, again)
    hear(fresh, VisitCompleted, again)
    with fresh.read() as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 1


def test_admin_lists_prices(fresh: Database) -> None:
    ask(fresh, "set_price", ADMIN, **PRICE)
    (listed,) = ask(fresh, "list_prices", ADMIN)["items"]
    assert {name: listed[name] for name in PRICE} == PRICE
