"""Actions of admins, and events that auth hears."""

from typing import Any
from uuid import UUID

from sqlalchemy import update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.event import Event, Origin
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import AssignRoles, EraseUser, UpdateUser
from contracts.auth.accounts.commands import AccountView
from contracts.roles import Role
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from services.auth.accounts import administration, erasure
from services.auth.directory import open_appointments
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant
from tests.auth.factories import acting, new_account
from tests.calls import delivered
from tests.events import example_of

SOMEBODY = Actor(id=uuid7(), roles=frozenset({"admin"}), verified=True)
"""An admin without an account."""


def admin(session: Session, **fields: Any) -> Account:
    """An admin's account."""
    return new_account(session, roles=[Role.ADMIN, Role.PATIENT], **fields)


def only_admin(session: Session) -> Account:
    """The only admin: revokes the role of admins of other tests."""
    session.execute(update(Grant).where(Grant.role == Role.ADMIN).values(revoked_at=clock.now()))
    return admin(session)


def new_doctor(session: Session, **fields: Any) -> Account:
    """A cardiologist's account."""
    return new_account(session, roles=[Role.DOCTOR], specialization="cardiology", **fields)


def assign(session: Session, account: Account, *roles: str, by: Actor = SOMEBODY, **fields: Any) -> AccountView:
    """Set the roles of an account to these."""
    given = {"specialization": None, **fields}
    return administration.assign_roles(
        session, by, AssignRoles(user_id=account.id, assigned=[Role(role) for role in roles], **given)
    )


def demote(session: Session, account: Account, by: Account) -> None:
    """Revoke the role admin."""
    assign(session, account, "patient", by=acting(by, Role.ADMIN))


def deactivate(session: Session, account: Account, by: Account) -> None:
    """Deactivate an account."""
    administration.update(session, acting(by, Role.ADMIN), UpdateUser(user_id=account.id, status="deactivated"))


def erase(session: Session, account: Account, by: Account | None = None, **fields: Any) -> None:
    """Erase an account."""
    actor = acting(by, Role.ADMIN) if by else SOMEBODY
    erasure.erase(session, actor, EraseUser(user_id=account.id, **{"reassign_to": None, **fields}))
    session.flush()


def heard(session: Session, event: type[Event], sequence: int = 1) -> Actor:
    """The actor of a handler of this event."""
    moment, subject = clock.now(), str(uuid7())
    origin = Origin(uuid7(), event.service, event.event_name(), sequence, moment, subject, "correlation")
    return delivered(session, origin)


def hear_of_appointment(
    session: Session, doctor_id: UUID, appointment: UUID | None = None, revision: int = 1, *, is_open: bool = True
) -> UUID:
    """Hear from scheduling which doctor has an appointment, and whether it is open."""
    appointment_id = appointment or uuid7()
    facts = {"appointment_id": appointment_id, "doctor_id": doctor_id, "revision": revision}
    closed = {} if is_open else {"ends_at": None}
    open_appointments.upsert(
        session, heard(session, OpenAppointmentChanged), example_of(OpenAppointmentChanged, **facts, **closed)
    )
    return appointment_id


def doctor_with_visit(session: Session) -> tuple[Account, UUID]:
    """A doctor with an open appointment, and the appointment's id."""
    account = new_doctor(session)
    return account, hear_of_appointment(session, account.id)
