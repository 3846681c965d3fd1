"""Patients: copies of what auth says of them."""

from uuid import UUID

from chassis.copies import keep
from chassis.database import Session
from chassis.identity import Actor
from services.clinical.models import Patient


def remember(session: Session, actor: Actor, *, user_id: UUID, name: str, email: str) -> None:
    """Copy a registered person, unless what is known is newer."""
    assert actor.origin is not None  # noqa: S101  events have one
    keep(session, Patient, "id", "changed_by", id=user_id, name=name, email=email, changed_by=actor.origin.sequence)
