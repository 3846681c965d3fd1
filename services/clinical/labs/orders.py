"""New orders, their events and their entries in the history of the patient."""

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.history import HistoryKind
from contracts.clinical.labs.states import LabPriority, LabStatus
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.lab_catalogue.rules import LabTest
from services.clinical.labs import rules
from services.clinical.models.labs import LabOrder, OrderedTest


class OrderIds(TypedDict):
    """The ids that each event about an order carries."""

    order_id: UUID
    patient_id: UUID
    doctor_id: UUID | None


def new(
    patient_id: UUID, tests: Sequence[LabTest], status: LabStatus, priority: LabPriority, **facts: object
) -> LabOrder:
    """Return a new order of these tests, all in this state. `facts` are its other columns."""
    empty = {"doctor_id": None, "laboratory": None, "reason": None, "status_reason": None}
    found = LabOrder(
        id=uuid7(),
        patient_id=patient_id,
        priority=priority,
        urgency=rules.URGENCY[priority],
        status=status,
        ordered_at=clock.now(),
        revision=1,
        **{**empty, **facts},
    )
    found.tests = [_ordered(found, test, position) for position, test in enumerate(tests)]
    return found


def _ordered(order: LabOrder, test: LabTest, position: int) -> OrderedTest:
    return OrderedTest(
        id=uuid7(),
        order_id=order.id,
        patient_id=order.patient_id,
        position=position,
        code=test.code,
        name=test.name,
        specimen=test.specimen,
        status=order.status,
        specimen_number=None,
    )


def ids_of(order: LabOrder) -> OrderIds:
    """Return the ids that each event about an order carries."""
    return {"order_id": order.id, "patient_id": order.patient_id, "doctor_id": order.doctor_id}


def enter(session: Session, actor: Actor, order: LabOrder, title: str) -> None:
    """Add this revision of the order to the patient's history."""
    tests = [{"test": test.code, "name": test.name, "status": test.status} for test in order.tests]
    details = {"status": order.status, "priority": order.priority, "reason": order.reason, "tests": tests}
    title = f"{title}: {', '.join(test.name for test in order.tests)}"
    entry = Entry(order.patient_id, HistoryKind.LAB_ORDER, order.id, title, details, version=order.revision)
    entries.record(session, actor, entry)
