"""Steps of tests about care: approve doctors, assign them, and break the glass."""

from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import DoctorApproved, RoleRevoked, UserDeactivated, UserRegistered
from contracts.clinical import break_glass as contract
from contracts.clinical.assignments import AssignDoctor, AssignmentView
from services.clinical import assignments, break_glass
from services.clinical.directory import people, staff
from services.clinical.models.care import BreakGlass
from tests.clinical.factories import doctor, heard
from tests.events import example_of


def admin() -> Actor:
    return Actor(id=uuid7(), roles=frozenset({"admin"}), verified=True)


def approve(session: Session, physician: Actor, *, sequence: int = 1) -> Actor:
    """Copy a doctor of the hospital, as auth approves it."""
    event = example_of(DoctorApproved, doctor_id=physician.person)
    staff.on_doctor_approved(session, heard(session, "doctor_approved", sequence=sequence), event)
    return physician


def revoke(session: Session, physician: Actor, role: str = "doctor", *, sequence: int = 2) -> None:
    """Copy the loss of a role."""
    event = example_of(RoleRevoked, user_id=physician.person, role=role)
    staff.on_role_revoked(session, heard(session, "role_revoked", sequence=sequence), event)


def deactivate(session: Session, physician: Actor, *, sequence: int = 2) -> None:
    """Copy the deactivation of an account."""
    event = example_of(UserDeactivated, user_id=physician.person)
    staff.on_user_deactivated(session, heard(session, "user_deactivated", sequence=sequence), event)


def assign(session: Session, physician: Actor, patient_id: UUID) -> AssignmentView:
    """Give a doctor the care of a patient."""
    command = AssignDoctor(patient_id=patient_id, doctor_id=physician.person, reason=None)
    return assignments.assign(session, admin(), command)


def break_the_glass(session: Session, patient_id: UUID, physician: Actor | None = None) -> BreakGlass:
    """Open a chart in an emergency."""
    command = contract.BreakGlass(patient_id=patient_id, reason="unconscious")
    opening = break_glass.open_(session, physician or doctor(), command)
    add_events(session)
    return opening


def name(session: Session, person: Actor, text: str) -> None:
    """Copy the name of an account."""
    heard(session, "user_registered")
    people.copy_name(session, example_of(UserRegistered, user_id=person.person, name=text))
