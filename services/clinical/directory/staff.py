"""The staff: copies of staff roles, and of the loss of the role of doctor. Auth owns both."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import DoctorApproved, RoleRevoked, StaffApproved, UserDeactivated
from contracts.clinical.assignments import NO_SUCH_DOCTOR
from contracts.roles import STAFF, Role
from services.clinical.models.directory import FORMER_DOCTOR, LEFT, StaffRole


def on_staff_approved(session: Session, _actor: Actor, event: StaffApproved) -> None:
    """Copy a granted or confirmed staff role, unless the copy is newer."""
    if event.role in STAFF:
        _keep(session, event.user_id, event.role)


def on_role_revoked(session: Session, _actor: Actor, event: RoleRevoked) -> None:
    """Copy the loss of a role. Auth then publishes `staff_approved` for each remaining staff role."""
    if event.role in STAFF:
        _keep(session, event.user_id, LEFT)
    if event.role == Role.DOCTOR:
        _keep(session, event.user_id, FORMER_DOCTOR)


def on_doctor_approved(session: Session, _actor: Actor, event: DoctorApproved) -> None:
    """Copy that a person is a doctor, unless a newer event says otherwise."""
    _keep(session, event.doctor_id, Role.DOCTOR)


def on_user_deactivated(session: Session, _actor: Actor, event: UserDeactivated) -> None:
    """Drop all roles until auth approves the person again."""
    suspend(session, event.user_id)


def suspend(session: Session, person_id: UUID) -> None:
    """Drop all roles. An older approval may be delivered later."""
    _keep(session, person_id, LEFT)
    _keep(session, person_id, FORMER_DOCTOR)


def _keep(session: Session, person_id: UUID, role: str) -> None:
    facts = {"person_id": person_id, "role": role, "changed_by": session.call.heard.sequence}
    keep(session, StaffRole, "person_id role", "changed_by", **facts)


def with_role(session: Session, role: Role) -> Sequence[UUID]:
    """Return all members of the staff with this role."""
    return session.scalars(select(StaffRole.person_id).where(StaffRole.role == role, _is_present())).all()


def is_nurse(person_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Return the condition that a person is a nurse."""
    return exists().where(StaffRole.person_id == person_id, StaffRole.role == Role.NURSE, _is_present())


def is_former_doctor(person_id: InstrumentedAttribute[UUID] | UUID) -> ColumnElement[bool]:
    """Return the condition that a person has lost the role of doctor. Unknown people are not former doctors."""
    approved = aliased(StaffRole)
    own = (approved.person_id == StaffRole.person_id) & (approved.role == Role.DOCTOR)
    last = func.coalesce(select(approved.changed_by).where(own).correlate(StaffRole).scalar_subquery(), 0)
    is_lost = (StaffRole.role == FORMER_DOCTOR) & (StaffRole.changed_by > last)
    return exists().where(StaffRole.person_id == person_id, is_lost)


def must_be_doctor(session: Session, person_id: UUID) -> None:
    """Refuse with NotYet unless the person is a doctor of the hospital."""
    if not is_doctor(session, person_id):
        raise NO_SUCH_DOCTOR.not_yet()


def is_doctor(session: Session, person_id: UUID) -> bool:
    """Return whether the person is a doctor of the hospital."""
    is_approved = exists().where(StaffRole.person_id == person_id, StaffRole.role == Role.DOCTOR)
    return bool(session.scalar(select(is_approved & ~is_former_doctor(person_id))))


def _is_present() -> ColumnElement[bool]:
    """Return the condition that auth published the role after the person last left."""
    left = aliased(StaffRole)
    last = select(left.changed_by).where(left.person_id == StaffRole.person_id, left.role == LEFT)
    return StaffRole.changed_by > func.coalesce(last.correlate(StaffRole).scalar_subquery(), 0)
