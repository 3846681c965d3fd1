"""Charges of a visit in progress are gathered on its draft, each once and in any order of the events."""

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import eventlet
import pytest
import time_machine
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.identity import SYSTEM
from chassis.persistence.database import Database, Session
from contracts.billing.corrections import VoidInvoice
from contracts.billing.invoices import InvoiceIssued
from contracts.clinical.dispenses import MedicineDispensed
from contracts.clinical.labs.events import LabTestsPerformed
from contracts.scheduling.appointments.events import VisitCompleted, VisitStarted
from services.billing.corrections import commands
from services.billing.invoices import timers
from services.billing.invoices.dispenses import on_medicine_dispensed
from services.billing.invoices.handlers import on_visit_completed, on_visit_started
from services.billing.invoices.lab_tests import on_lab_tests_performed
from services.billing.models.invoices import Invoice, InvoiceLine
from tests.billing.factories import ADMIN, VISITED_AT, approve, heard, price, published, together, undo
from tests.events import example_of

STARTED, COMPLETED, UNDONE, AGAIN = 3, 4, 5, 7
"""Revisions of a visit."""
LATER = VISITED_AT + timedelta(hours=25)


@pytest.fixture(autouse=True)
def during_the_visit() -> object:
    """Stop the clock at the start of the visit."""
    with time_machine.travel(VISITED_AT, tick=False):
        yield


class Ward:
    """A patient with a visit, and prices of what may be charged: 8000 the visit, 25 a capsule, 900 the test."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.ids = {"appointment_id": uuid7(), "patient_id": uuid7(), "doctor_id": uuid7()}
        approve(session, self.ids["doctor_id"], str(self.ids["doctor_id"]))
        price(session, 8000, code=f"consultation:{self.ids['doctor_id']}", name="Visit")
        self.medicine_id = uuid7()
        price(session, 25, code=f"medicine:{self.medicine_id}", name="Capsule")
        self.test = str(uuid7())[-12:]
        price(session, 900, code=f"lab:{self.test}", name="Potassium")

    def on(self, session: Session) -> "Ward":
        """Return the same patient in another transaction."""
        ward = copy(self)
        ward.session = session
        return ward

    def start(self, revision: int = STARTED) -> None:
        event = example_of(VisitStarted, **self.ids, starts_at=VISITED_AT, revision=revision)
        on_visit_started(self.session, heard(self.session), event)
        self.session.flush()

    def complete(self, revision: int = COMPLETED) -> None:
        event = example_of(VisitCompleted, **self.ids, starts_at=VISITED_AT, revision=revision)
        on_visit_completed(self.session, heard(self.session), event)
        self.session.flush()

    def undo(self) -> None:
        undo(self.session, self.ids["appointment_id"], UNDONE)

    def dispense(self, times: int = 1) -> None:
        facts = {"item_ids": [self.medicine_id], "quantities": [2], "dispensed_at": VISITED_AT}
        event = example_of(MedicineDispensed, dispense_id=uuid7(), patient_id=self.ids["patient_id"], **facts)
        self._deliver(times, lambda actor: on_medicine_dispensed(self.session, actor, event))

    def verify(self, times: int = 1) -> None:
        facts = {"patient_id": self.ids["patient_id"], "tests": [self.test], "performed_at": VISITED_AT}
        event = example_of(LabTestsPerformed, order_id=uuid7(), **facts)
        self._deliver(times, lambda actor: on_lab_tests_performed(self.session, actor, event))

    def _deliver(self, times: int, handle: Callable[..., None]) -> None:
        actor = heard(self.session)
        for _delivery in range(times):
            handle(actor)
            self.session.flush()

    def bills(self) -> list[tuple[str, int]]:
        """Return status and total of the patient's invoices."""
        query = select(Invoice).where(Invoice.patient_id == self.ids["patient_id"]).order_by(Invoice.id)
        return [(bill.status, sum(self.amounts(bill.id))) for bill in self.session.scalars(query).all()]

    def amounts(self, invoice_id: UUID) -> list[int]:
        query = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.id)
        return [line.amount_minor for line in self.session.scalars(query)]


def tick(session: Session) -> None:
    """Run the timer a day after the visit."""
    with time_machine.travel(LATER, tick=False):
        timers.issue_gathered(session, SYSTEM)
    session.flush()


def test_charges_during_a_visit_come_on_its_invoice(session: Session) -> None:
    ward = Ward(session)
    ward.start()
    ward.dispense()
    ward.verify()
    assert ward.bills() == [("draft", 950)]
    ward.complete()
    assert ward.bills() == [("issued", 8950)]
    assert [data["amount_minor"] for data in published(session, InvoiceIssued)] == [8950]


def test_charges_without_a_visit_have_an_invoice_of_their_own(session: Session) -> None:
    ward = Ward(session)
    ward.dispense()
    ward.start()
    ward.complete()
    ward.verify()
    assert sorted(ward.bills()) == [("issued", 50), ("issued", 900), ("issued", 8000)]


def test_redelivered_charges_during_a_visit_are_charged_once(session: Session) -> None:
    ward = Ward(session)
    ward.start()
    ward.dispense(times=2)
    ward.verify(times=2)
    assert ward.bills() == [("draft", 950)]


@pytest.mark.parametrize("order", list(permutations(["start", "dispense", "verify", "complete"])))
def test_everything_is_charged_once_in_any_order_of_the_events(session: Session, order: tuple[str, ...]) -> None:
    ward = Ward(session)
    for step in order:
        getattr(ward, step)()
    bills = ward.bills()
    assert {status for status, _total in bills} == {"issued"}
    assert sum(total for _status, total in bills) == 8950


def test_start_of_a_completed_visit_that_arrives_late_makes_no_draft(session: Session) -> None:
    ward = Ward(session)
    ward.complete()
    ward.start()
    assert ward.bills() == [("issued", 8000)]


def test_start_of_an_undone_visit_that_arrives_late_makes_no_draft(session: Session) -> None:
    ward = Ward(session)
    ward.undo()
    ward.start()
    ward.complete()
    assert ward.bills() == []


def test_draft_of_a_visit_without_completion_is_issued_after_a_day(session: Session) -> None:
    ward = Ward(session)
    ward.start()
    ward.dispense()
    timers.issue_gathered(session, SYSTEM)
    assert ward.bills() == [("draft", 50)]
    tick(session)
    assert ward.bills() == [("issued", 50)]
    ward.complete()
    assert sorted(ward.bills()) == [("issued", 50), ("issued", 8000)]


def test_draft_without_charges_is_removed_after_a_day(session: Session) -> None:
    ward = Ward(session)
    ward.start()
    tick(session)
    assert ward.bills() == []
    ward.complete()
    assert ward.bills() == [("issued", 8000)]


@pytest.mark.parametrize("steps", [("complete", "undo"), ("undo", "complete")])
def test_undone_visit_leaves_its_medicines_and_tests_charged(session: Session, steps: tuple[str, ...]) -> None:
    ward = Ward(session)
    ward.start()
    ward.dispense()
    ward.verify()
    for step in steps:
        getattr(ward, step)()
    assert [bill for bill in ward.bills() if bill[0] != "void"] == [("issued", 950)]
    ward.complete(AGAIN)
    assert [bill for bill in ward.bills() if bill[0] != "void"] == [("issued", 950), ("issued", 8000)]


def test_void_draft_gathers_no_charges(session: Session) -> None:
    ward = Ward(session)
    ward.start()
    draft = session.scalars(select(Invoice).where(Invoice.patient_id == ward.ids["patient_id"])).one()
    commands.void(session, ADMIN, VoidInvoice(invoice_id=draft.id, reason="Mistake."))
    ward.dispense()
    tick(session)
    assert ward.bills() == [("void", 0), ("issued", 50)]


def test_charge_without_a_price_holds_the_invoice_of_the_visit(session: Session) -> None:
    ward = Ward(session)
    ward.start()
    ward.test = "unpriced"
    ward.verify()
    ward.complete()
    assert ward.bills() == [("draft", 8000)]
    price(session, 900, code="lab:unpriced", name="Rare test")
    assert ward.bills() == [("issued", 8900)]


def test_concurrent_charges_and_completion_lose_nothing(fresh: Database) -> None:
    with fresh.begin() as session:
        ward = Ward(session)
        ward.start()

    def work(step: str) -> None:
        with fresh.begin() as session:
            getattr(ward.on(session), step)()
            eventlet.sleep(0)

    together(work, ["dispense", "verify", "dispense", "complete", "verify", "dispense"])
    with fresh.begin() as session:
        bills = ward.on(session).bills()
    assert {status for status, _total in bills} == {"issued"}
    assert sum(total for _status, total in bills) == 8000 + 3 * 50 + 2 * 900
