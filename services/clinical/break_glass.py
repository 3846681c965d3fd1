"""Emergency access of doctors to charts, and its review by admins."""

from datetime import timedelta

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical import break_glass as contract
from contracts.clinical.break_glass import (
    ALREADY_IN_CARE,
    NO_SUCH_OPENING,
    OWN_OPENING,
    ChartOpenedByBreakGlass,
    ListBreakGlass,
    ReviewBreakGlass,
)
from services.clinical.care.access import treats
from services.clinical.directory import people
from services.clinical.models.care import BreakGlass
from services.clinical.patients import registry

OPEN_FOR = timedelta(hours=2)


def open_(session: Session, actor: Actor, command: contract.BreakGlass) -> BreakGlass:
    """Open the chart of a registered patient for two hours, and notify the admins."""
    registry.find(session, command.patient_id)
    if treats(session, actor.person, command.patient_id):
        raise ALREADY_IN_CARE()
    now = clock.now()
    opening = BreakGlass(
        id=uuid7(),
        patient_id=command.patient_id,
        doctor_id=actor.person,
        reason=command.reason,
        opened_at=now,
        until=now + OPEN_FOR,
        reviewed_by=None,
        reviewed_at=None,
        review_comment=None,
    )
    session.add(opening)
    event = ChartOpenedByBreakGlass(
        break_glass_id=opening.id,
        patient_id=opening.patient_id,
        doctor_id=opening.doctor_id,
        until=opening.until,
    )
    session.publish(event)
    return opening


def review(session: Session, actor: Actor, command: ReviewBreakGlass) -> BreakGlass:
    """Record the review of an access. The admin is another person than the doctor."""
    opening = session.get(BreakGlass, command.break_glass_id, with_for_update=True)
    if opening is None:
        raise NO_SUCH_OPENING()
    if opening.doctor_id == actor.person:
        raise OWN_OPENING()
    opening.review(actor.person, clock.now(), command.comment)
    return opening


def listing(session: Session, _actor: Actor, query: ListBreakGlass) -> Page:
    """List the accesses, newest first, in three statements."""
    statement = select(*BreakGlass.__table__.c)
    if query.reviewed is not None:
        is_reviewed = BreakGlass.reviewed_at.is_not(None)
        statement = statement.where(is_reviewed if query.reviewed else ~is_reviewed)
    keys = (BreakGlass.opened_at, BreakGlass.id)
    found = page(session, statement, keys, limit=query.limit, cursor=query.cursor)
    doctors = people.names_of(session, (row.doctor_id for row in found.items))
    patients = registry.names_of(session, (row.patient_id for row in found.items))
    items = [
        {**row._asdict(), "doctor_name": doctors.get(row.doctor_id), "patient_name": patients.get(row.patient_id)}
        for row in found.items
    ]
    return Page(items, found.next)
