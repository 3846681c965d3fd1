"""Events of auth after which a user has left, or a doctor treats no patients."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import RoleRevoked, UserDeactivated, UserErased
from services.scheduling import handlers
from services.scheduling.directory import doctors, staff
from tests.events import example_of
from tests.scheduling.factories import add_doctor, deliver, event_actor


def erase_user(session: Session, user: Actor, successor: Actor | None = None, sequence: int = 9) -> None:
    """Handle the event that auth erased a user. The successor takes over a doctor's visits."""
    event = example_of(UserErased, user_id=user.person, reassign_to=successor and successor.person)
    deliver(session, handlers.on_user_erased, event, sequence)


def deactivate_user(session: Session, user: Actor, successor: Actor | None = None, sequence: int = 9) -> None:
    """Handle the event that auth deactivated an account."""
    event = example_of(UserDeactivated, user_id=user.person, reassign_to=successor and successor.person)
    deliver(session, handlers.on_user_deactivated, event, sequence)


def revoke_doctor_role(session: Session, user: Actor, successor: Actor | None = None, sequence: int = 9) -> None:
    """Handle the event that auth revoked the role of a doctor."""
    event = example_of(RoleRevoked, user_id=user.person, role="doctor", reassign_to=successor and successor.person)
    deliver(session, handlers.on_role_revoked, event, sequence)


def suspend_doctor(session: Session, doctor: Actor, sequence: int = 2) -> None:
    """Suspend a doctor, as after an event of auth. Visits and hours stay."""
    doctors.suspend(session, event_actor(session, sequence), user_id=doctor.person)


def suspend_staff(session: Session, person: Actor, sequence: int = 2) -> None:
    """Suspend a member of staff, as after an event of auth. Shifts and tasks stay."""
    staff.suspend(session, event_actor(session, sequence), user_id=person.person)


def add_suspended_doctor(session: Session) -> Actor:
    """Store a doctor with hours whose account is suspended now."""
    doctor = add_doctor(session)
    suspend_doctor(session, doctor)
    return doctor
