"""The staff: copies of staff roles, which auth owns."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import RoleRevoked, StaffApproved, UserDeactivated
from contracts.roles import STAFF, Role
from services.clinical.models.directory import LEFT, StaffRole


def on_staff_approved(session: Session, _actor: Actor, event: StaffApproved) -> None:
    """Copy a granted or confirmed staff role, unless the copy is newer."""
    if event.role in STAFF:
        _keep(session, event.user_id, event.role)


def on_role_revoked(session: Session, _actor: Actor, event: RoleRevoked) -> None:
    """Copy the loss of a staff role. Auth then publishes `staff_approved` for each remaining role."""
    if event.role in STAFF:
        suspend(session, event.user_id)


def on_user_deactivated(session: Session, _actor: Actor, event: UserDeactivated) -> None:
    """Drop all roles until auth approves the person again."""
    suspend(session, event.user_id)


def suspend(session: Session, person_id: UUID) -> None:
    """Drop all roles. An older approval may be delivered later."""
    _keep(session, person_id, LEFT)


def _keep(session: Session, person_id: UUID, role: str) -> None:
    facts = {"person_id": person_id, "role": role, "changed_by": session.call.heard.sequence}
    keep(session, StaffRole, "person_id role", "changed_by", **facts)


def nurses(session: Session) -> Sequence[UUID]:
    """Return all nurses."""
    return with_role(session, Role.NURSE)


def with_role(session: Session, role: Role) -> Sequence[UUID]:
    """Return all members of the staff with this role."""
    return session.scalars(select(StaffRole.person_id).where(StaffRole.role == role, _is_present())).all()


def is_nurse(person_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Return the condition that a person is a nurse."""
    return exists().where(StaffRole.person_id == person_id, StaffRole.role == Role.NURSE, _is_present())


def _is_present() -> ColumnElement[bool]:
    """Return the condition that auth published the role after the person last left."""
    left = aliased(StaffRole)
    last = select(left.changed_by).where(left.person_id == StaffRole.person_id, left.role == LEFT)
    return StaffRole.changed_by > func.coalesce(last.correlate(StaffRole).scalar_subquery(), 0)
