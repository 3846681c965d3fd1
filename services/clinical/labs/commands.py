"""Order laboratory tests, and record the way of their specimens."""

from collections.abc import Sequence

from sqlalchemy import insert

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.labs.commands import (
    CancelLabOrder,
    CollectSpecimen,
    OrderLabTests,
    ReceiveSpecimen,
    RejectSpecimen,
)
from contracts.clinical.labs.events import LabOrdered, LabSampleRejected
from contracts.clinical.labs.states import LabStatus
from services.clinical.care.access import must_treat
from services.clinical.lab_catalogue import catalogue
from services.clinical.labs import access, orders, steps, versions, views
from services.clinical.models.labs import LabOrder, OrderedTest, Specimen


def order(session: Session, actor: Actor, command: OrderLabTests) -> dict[str, object]:
    """Order tests of the catalogue for a patient in the doctor's care."""
    must_treat(session, actor, command.patient_id)
    known, doctor = catalogue.current(), {"doctor_id": actor.person, "reason": command.reason}
    tests = [known.test(code) for code in command.tests]
    placed = orders.new(command.patient_id, tests, LabStatus.ORDERED, command.priority, **doctor)
    session.add(placed)
    steps.record(session, actor, placed.id, LabStatus.ORDERED)
    orders.enter(session, actor, placed, "Laboratory tests ordered")
    session.publish(LabOrdered(**orders.ids_of(placed), priority=command.priority))
    return views.order(session, placed)


def cancel(session: Session, actor: Actor, command: CancelLabOrder) -> dict[str, object]:
    """Cancel the tests of an order whose specimen the laboratory has not received."""
    placed = access.locked_in_care(session, actor, command.order_id)
    placed.cancel(command.reason)
    steps.record(session, actor, placed.id, LabStatus.CANCELLED, reason=command.reason)
    orders.enter(session, actor, placed, "Laboratory tests cancelled")
    return views.order(session, placed)


def collect(session: Session, actor: Actor, command: CollectSpecimen) -> dict[str, object]:
    """Record a collected specimen, for all tests of the order that need it."""
    placed = access.locked(session, command.order_id)
    tests = placed.tests_to_collect(command.specimen)
    facts = {"order_id": placed.id, "specimen": command.specimen}
    counted = insert(Specimen).values(**facts, collected_by=actor.person, collected_at=clock.now())
    placed.collect(tests, session.execute(counted.returning(Specimen.number)).scalar_one())
    return _moved(session, actor, placed, tests)


def receive(session: Session, actor: Actor, command: ReceiveSpecimen) -> dict[str, object]:
    """Record that a specimen has arrived in the laboratory."""
    placed = access.locked(session, command.order_id)
    return _moved(session, actor, placed, placed.receive(command.accession))


def reject(session: Session, actor: Actor, command: RejectSpecimen) -> dict[str, object]:
    """Reject a specimen, and withdraw its unverified results."""
    placed = access.locked(session, command.order_id)
    tests = placed.reject(command.accession, command.reason)
    versions.withdraw(session, actor, [test.id for test in tests], command.reason)
    session.publish(LabSampleRejected(**orders.ids_of(placed)))
    return _moved(session, actor, placed, tests, command.reason)


def _moved(
    session: Session, actor: Actor, placed: LabOrder, tests: Sequence[OrderedTest], reason: str | None = None
) -> dict[str, object]:
    """Record the step of a specimen; return the specimen."""
    test = tests[0]
    steps.record(session, actor, placed.id, LabStatus(test.status), specimen=test.specimen_number, reason=reason)
    session.note(record_id=placed.id)
    facts = {name: getattr(test, name) for name in ("order_id", "accession", "specimen", "status")}
    return {**facts, "order_status": placed.status, "revision": placed.revision}
