"""Access to orders: the laboratory sees all of them, a doctor those of patients in the doctor's care."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import selectinload

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.labs.refusals import NO_SUCH_LAB_ORDER
from services.clinical.care.access import treats
from services.clinical.models.labs import LabOrder

ORDER = cast("Table", LabOrder.__table__)
LOCKED = select(*ORDER.c).where(ORDER.c.id == bindparam("order_id")).with_for_update()


def locked(session: Session, order_id: UUID) -> LabOrder:
    """Lock an order for the laboratory. Refuses an unknown id, and a revision that the caller has not seen."""
    order = find(session, order_id, lock=True)
    if order is None:
        raise NO_SUCH_LAB_ORDER()
    session.call.expects(order.revision)
    return order


def locked_in_care(session: Session, actor: Actor, order_id: UUID) -> LabOrder:
    """Lock an order of a patient in the doctor's care. A foreign order and an unknown id get the same refusal."""
    order = find(session, order_id, lock=True)
    if order is None or not treats(session, actor.person, order.patient_id):
        raise NO_SUCH_LAB_ORDER.not_yet()
    session.call.expects(order.revision)
    return order


def locked_row(session: Session, order_id: UUID) -> LabOrder:
    """Lock an order as `locked` does. Return a copy without tests, whose changes are not saved.

    For the hottest command: a statement on the table costs half of one on the mapped class.
    """
    row = session.execute(LOCKED, {"order_id": order_id}).one_or_none()
    if row is None:
        raise NO_SUCH_LAB_ORDER()
    session.call.expects(row.revision)
    return LabOrder(**row._asdict())


def find(session: Session, order_id: UUID, *, lock: bool = False) -> LabOrder | None:
    """Return an order with its tests, or None. Every change of an order or of its tests holds the order's lock.

    A second statement reads the tests: a join would read them as they were before the wait for the lock.
    """
    query = select(LabOrder).where(LabOrder.id == order_id).options(selectinload(LabOrder.tests))
    query = query.with_for_update() if lock else query
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()
