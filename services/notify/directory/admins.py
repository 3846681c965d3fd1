"""The admins, who get notifications about the whole hospital."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import AdminChanged
from services.notify.models.directory import Admin


def on_admin_changed(session: Session, _actor: Actor, event: AdminChanged) -> None:
    """Copy whether a person is an admin, unless the copy is newer."""
    facts = {"person_id": event.user_id, "is_admin": event.is_admin}
    keep(session, Admin, "person_id", "changed_by", changed_by=session.call.heard.sequence, **facts)


def admins(session: Session) -> Sequence[UUID]:
    """Return all admins who can sign in."""
    return session.scalars(select(Admin.person_id).where(Admin.is_admin)).all()
