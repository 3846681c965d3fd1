"""The staff: copies of staff roles, which auth owns."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import StaffApproved
from contracts.roles import STAFF, Role
from contracts.scheduling.refusals import NO_SUCH_STAFF
from contracts.scheduling.shifts.swaps import OTHER_ROLE
from services.scheduling.models.directory import LEFT, StaffRole


def on_staff_approved(session: Session, _actor: Actor, event: StaffApproved) -> None:
    """Copy a granted or confirmed staff role, unless the copy is newer."""
    if event.role in STAFF:
        _keep(session, event.user_id, event.role)


def dismiss(session: Session, actor: Actor, *, user_id: UUID, role: str) -> None:
    """Copy the loss of a role. Auth then publishes `staff_approved` for each remaining role."""
    if role in STAFF:
        suspend(session, actor, user_id=user_id)


def suspend(session: Session, _actor: Actor, *, user_id: UUID) -> None:
    """Drop all roles until auth approves the person again. An older approval may be delivered later."""
    _keep(session, user_id, LEFT)


def _keep(session: Session, user_id: UUID, role: str) -> None:
    """Write the copy. The sequence of auth's events decides, in any order of delivery."""
    facts = {"person_id": user_id, "role": role, "changed_by": session.call.heard.sequence}
    keep(session, StaffRole, "person_id role", "changed_by", **facts)


def must_work_here(session: Session, person_id: UUID) -> None:
    """Refuse with NotYet unless the person is a member of staff."""
    if not roles_of(session, person_id).get(person_id):
        raise NO_SUCH_STAFF.not_yet()


def must_share_a_role(session: Session, *people: UUID) -> None:
    """Refuse unless all people share a staff role. No wait: the caller has the colleague from a list."""
    roles = roles_of(session, *people)
    if not all(roles.get(one) for one in people):
        raise NO_SUCH_STAFF()
    if not set.intersection(*roles.values()):
        raise OTHER_ROLE()


def roles_of(session: Session, *people: UUID) -> dict[UUID, set[str]]:
    """Return the present roles of each known person: those that auth published after the person last left."""
    query = select(StaffRole.person_id, StaffRole.role, StaffRole.changed_by).where(StaffRole.person_id.in_(people))
    named = defaultdict[UUID, dict[str, int]](dict)
    for person_id, role, changed_by in session.execute(query):
        named[person_id][role] = changed_by
    return {one: {role for role, at in said.items() if at > said.get(LEFT, 0)} for one, said in named.items()}


def is_nurse() -> ColumnElement[bool]:
    """Return the condition that a row of `StaffRole` is a nurse's: published after the person last left."""
    left = aliased(StaffRole)
    last = select(left.changed_by).where(left.person_id == StaffRole.person_id, left.role == LEFT)
    is_present = StaffRole.changed_by > func.coalesce(last.correlate(StaffRole).scalar_subquery(), 0)
    return (StaffRole.role == Role.NURSE) & is_present
