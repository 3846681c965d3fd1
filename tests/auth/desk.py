"""Patients of the desk, and their invitations."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import InvitePatient
from contracts.roles import Role
from services.auth.accounts import invitations
from tests.auth.factories import hear_of_patient

DESK = Actor(id=uuid7(), roles=frozenset({Role.RECEPTIONIST}))


def remembered(session: Session, patient_id: UUID | None = None, name: str = "Asha Rao") -> UUID:
    """A patient from an event of clinical."""
    patient_id = patient_id or uuid7()
    hear_of_patient(session, patient_id, name=name)
    return patient_id


def invite(session: Session, patient_id: UUID, email: str) -> Any:
    """Invite a patient, as the desk."""
    done = invitations.invite(session, DESK, InvitePatient(patient_id=patient_id, email=email))
    session.flush()
    return done
