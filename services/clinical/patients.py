"""Patients: copies of what auth says of them."""

from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from chassis.database import Session
from chassis.identity import Actor
from services.clinical.models import Patient


def remember(session: Session, actor: Actor, *, user_id: UUID, name: str, email: str) -> None:
    """Copy a registered person, unless what is known is newer."""
    assert actor.origin is not None  # noqa: S101  events have one
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    copy = insert(Patient).values(id=user_id, name=name, email=email, changed_by=actor.origin.sequence)
    session.execute(
        copy.on_conflict_do_update(
            index_elements=["id"],
            set_={column: copy.excluded[column] for column in ("name", "email", "changed_by")},
            where=Patient.changed_by < copy.excluded.changed_by,
        )
    )
