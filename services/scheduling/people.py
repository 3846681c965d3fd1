"""What auth says of people who may be doctors, or staff, or both: each event has one handler, which does both parts."""

from uuid import UUID

from chassis.database import Session
from chassis.identity import Actor
from contracts.roles import Role
from services.scheduling import calendar, doctors, patients, staff


def dismiss(session: Session, actor: Actor, *, user_id: UUID, role: str, reassign_to: UUID | None = None) -> None:
    """A person has lost a role, a doctor's or one of the staff's: what was linked to for it is not shown any more."""
    calendar.end_older(session, actor, user_id=user_id)
    if role == Role.DOCTOR:
        doctors.leave(session, actor, user_id=user_id, reassign_to=reassign_to)
    staff.dismiss(session, actor, user_id=user_id, role=role)


def suspend(session: Session, actor: Actor, *, user_id: UUID, reassign_to: UUID | None = None) -> None:
    """An account cannot be used: its owner is not visited and gets no work, until approved again; the link ends."""
    calendar.end_older(session, actor, user_id=user_id)
    doctors.leave(session, actor, user_id=user_id, reassign_to=reassign_to)
    staff.suspend(session, actor, user_id=user_id)


def forget(session: Session, actor: Actor, *, user_id: UUID, reassign_to: UUID | None) -> None:
    """A person is gone for ever. Shifts and tasks stay, for admins to give to others.

    Unavailable: `events_unsent`, so that it is done again a little later.
    """
    calendar.end_of(session, user_id)
    staff.suspend(session, actor, user_id=user_id)
    doctors.forget(session, actor, user_id=user_id, reassign_to=reassign_to)
    patients.forget(session, actor, user_id=user_id)
