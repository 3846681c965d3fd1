"""What auth says of people who may be doctors, or staff, or both: each event has one handler, which does both parts."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import RoleRevoked, SessionsEnded, UserDeactivated, UserErased
from contracts.roles import Role
from services.scheduling import calendar_feed
from services.scheduling.directory import doctors, patients, staff


def dismiss(session: Session, actor: Actor, event: RoleRevoked) -> None:
    """A person has lost a role, a doctor's or one of the staff's: what was linked to for it is not shown any more."""
    calendar_feed.end_older(session, actor, SessionsEnded(user_id=event.user_id))
    if event.role == Role.DOCTOR:
        doctors.leave(session, actor, user_id=event.user_id, reassign_to=event.reassign_to)
    staff.dismiss(session, actor, user_id=event.user_id, role=event.role)


def suspend(session: Session, actor: Actor, event: UserDeactivated) -> None:
    """An account cannot be used: its owner is not visited and gets no work, until approved again; the link ends."""
    calendar_feed.end_older(session, actor, SessionsEnded(user_id=event.user_id))
    doctors.leave(session, actor, user_id=event.user_id, reassign_to=event.reassign_to)
    staff.suspend(session, actor, user_id=event.user_id)


def forget(session: Session, actor: Actor, event: UserErased) -> None:
    """A person is gone for ever. Shifts and tasks stay, for admins to give to others."""
    calendar_feed.end_of(session, event.user_id)
    staff.suspend(session, actor, user_id=event.user_id)
    doctors.forget(session, actor, user_id=event.user_id, reassign_to=event.reassign_to)
    patients.forget(session, actor, user_id=event.user_id)
