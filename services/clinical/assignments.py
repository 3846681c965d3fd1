"""Assignments of doctors to patients, by admins."""

from typing import cast

from sqlalchemy import Table, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.persistence.listing import Listing, Window
from contracts.clinical.assignments import (
    ALREADY_ASSIGNED,
    NO_SUCH_ASSIGNMENT,
    AssignDoctor,
    AssignmentView,
    EndAssignment,
    ListAssignments,
)
from services.clinical.directory import people, staff
from services.clinical.models.care import Assignment
from services.clinical.patients import registry

ASSIGNMENT = cast("Table", Assignment.__table__)
SHOWN = [ASSIGNMENT.c[name] for name in AssignmentView.schema().fields if name in ASSIGNMENT.c]
ASSIGNMENTS = Listing(SHOWN, (ASSIGNMENT.c.id,))


def assign(session: Session, actor: Actor, command: AssignDoctor) -> AssignmentView:
    """Give a doctor the care of a registered patient."""
    registry.find(session, command.patient_id)
    staff.must_be_doctor(session, command.doctor_id)
    assignment = Assignment(
        id=uuid7(),
        patient_id=command.patient_id,
        doctor_id=command.doctor_id,
        reason=command.reason,
        assigned_by=actor.person,
        assigned_at=clock.now(),
        ended_by=None,
        ended_at=None,
    )
    with refusing(session, {"uq_assignment_doctor_id_patient_id": ALREADY_ASSIGNED}):
        session.add(assignment)
    return _shown(session, assignment)


def end(session: Session, actor: Actor, command: EndAssignment) -> AssignmentView:
    """End an assignment. The first time counts."""
    query = select(Assignment).where(
        Assignment.id == command.assignment_id, Assignment.patient_id == command.patient_id
    )
    assignment = session.scalars(query.with_for_update()).one_or_none()
    if assignment is None:
        raise NO_SUCH_ASSIGNMENT()
    assignment.end(actor.person, clock.now())
    return _shown(session, assignment)


def _shown(session: Session, assignment: Assignment) -> AssignmentView:
    own = {column.key: getattr(assignment, column.key) for column in SHOWN}
    return AssignmentView(**own, doctor_name=people.name_of(session, assignment.doctor_id))


def listing(session: Session, _actor: Actor, query: ListAssignments) -> Page:
    """List the assignments of a patient, newest first, in two statements."""
    found = ASSIGNMENTS.page(session, Window(query.limit, query.cursor), patient_id=query.patient_id)
    names = people.names_of(session, (row.doctor_id for row in found.items))
    items = [AssignmentView(**row._asdict(), doctor_name=names.get(row.doctor_id)) for row in found.items]
    return Page(items, found.next)
