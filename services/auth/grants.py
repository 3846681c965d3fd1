"""Roles that people have, and what is said when somebody gets one."""

from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.database import Session, refusing
from chassis.errors import Conflict
from contracts.auth import DoctorApproved, RoleGranted, StaffApproved
from contracts.roles import STAFF, Role
from services.auth.models import Account, Grant


def roles_of(session: Session, user_id: UUID) -> list[str]:
    """The roles that a person has now, by name."""
    query = select(Grant.role).where(Grant.user_id == user_id, Grant.revoked_at.is_(None)).order_by(Grant.role)
    return list(session.scalars(query))


def give(session: Session, account: Account, role: str, *, by: UUID | None) -> None:
    """Give a person a role. Conflict: `already_granted`."""
    with refusing(session, {"uq_role_grant_user_id_role": already_granted()}):
        session.add(Grant(user_id=account.id, role=role, granted_by=by, granted_at=clock.now()))
    session.publish(RoleGranted(user_id=account.id, role=role))


def already_granted() -> Conflict:
    """The person has the role."""
    return Conflict("already_granted", "The person has this role already.")


def announce(session: Session, account: Account, role: str, *, specialization: str | None) -> None:
    """Tell the world of a new doctor, who has a specialization, or of a new member of the staff."""
    if role == Role.DOCTOR:
        if specialization is None:
            raise ValueError("a doctor has a specialization")
        session.publish(DoctorApproved(doctor_id=account.id, name=account.name, specialization=specialization))
    elif role in STAFF:
        session.publish(StaffApproved(user_id=account.id, role=role))
