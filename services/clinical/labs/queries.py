"""Read orders and results of the laboratory."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from chassis.contract import Page
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import DOCTOR, LAB_TECHNICIAN, ChartPart
from contracts.clinical.critical_alerts import CriticalAlertStatus
from contracts.clinical.labs.queries import GetLabOrder, ListLabOrders, ListLabOrdersOfPatient, ListMyLabTests
from contracts.clinical.labs.refusals import NO_SUCH_LAB_ORDER
from services.clinical.care.access import open_chart
from services.clinical.labs import access, rules, views
from services.clinical.models.critical_alerts import CriticalAlert
from services.clinical.models.labs import LabOrder, LabResult, OrderedTest

MOST_OPEN = 100
"""The most open tests in a chart."""


def list_all(session: Session, _actor: Actor, query: ListLabOrders) -> Page:
    """List the orders of the laboratory without values: urgent first, then oldest first."""
    wanted = select(LabOrder).where(LabOrder.status.in_(query.status or rules.OPEN))
    wanted = wanted.options(selectinload(LabOrder.tests))
    keys = (LabOrder.urgency, LabOrder.id)
    found = page(session, wanted, keys, limit=query.limit, cursor=query.cursor, newest_first=False, whole=True)
    return Page(views.work(session, found.items, inside=True, with_values=False), found.next)


def get(session: Session, actor: Actor, query: GetLabOrder) -> dict[str, object]:
    """Get one order. A foreign order and an unknown id get the same refusal after the same time."""
    order = access.find(session, query.order_id)
    if order is None:
        raise NO_SUCH_LAB_ORDER.not_yet()
    try:
        open_chart(session, actor, order.patient_id, ChartPart.LABS, DOCTOR | LAB_TECHNICIAN)
    except NotFound:
        raise NO_SUCH_LAB_ORDER.not_yet() from None
    return views.work(session, [order], inside=actor.has(LAB_TECHNICIAN))[0]


def list_of_patient(session: Session, actor: Actor, query: ListLabOrdersOfPatient) -> Page:
    """List the orders of a patient with their verified results, newest first."""
    open_chart(session, actor, query.patient_id, ChartPart.LABS)
    own = select(LabOrder).where(LabOrder.patient_id == query.patient_id).options(selectinload(LabOrder.tests))
    found = page(session, own, (LabOrder.id,), limit=query.limit, cursor=query.cursor, whole=True)
    return Page(views.orders(session, found.items), found.next)


def list_own(session: Session, actor: Actor, query: ListMyLabTests) -> Page:
    """List the patient's own tests, newest first. A pending test has a state and no result."""
    actor.may_act_for(query.patient_id)
    own = select(OrderedTest).where(OrderedTest.patient_id == query.patient_id)
    found = page(session, own, (OrderedTest.id,), limit=query.limit, cursor=query.cursor, whole=True)
    return Page(views.tests_of_patient(session, found.items), found.next)


def open_results(session: Session, patient_id: UUID) -> list[dict[str, object]]:
    """Return the tests of a patient that a chart must not hide, oldest first: pending, or critical and unacknowledged.

    The caller has checked the access. Each item has the fields of `MyLabTestView`.
    """
    alerted = select(CriticalAlert.result_id).where(
        CriticalAlert.patient_id == patient_id, CriticalAlert.status == CriticalAlertStatus.OPEN
    )
    critical = select(LabResult.test_id).where(LabResult.id.in_(alerted))
    is_open = or_(OrderedTest.status.in_(rules.OPEN), OrderedTest.id.in_(critical))
    found = select(OrderedTest).where(OrderedTest.patient_id == patient_id, is_open)
    return views.tests_of_patient(session, list(session.scalars(found.order_by(OrderedTest.id).limit(MOST_OPEN))))
