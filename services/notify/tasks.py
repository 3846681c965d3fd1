"""What is told about tasks: to whoever has one or has it no longer, and to whoever did not end it."""

from typing import Any
from uuid import UUID

from chassis.database import Session
from chassis.identity import Actor
from services.notify.notifications import tells


def assigned(session: Session, actor: Actor, *, former_owner_id: UUID | None, **facts: Any) -> None:
    """Tell the owner of a task, and whoever had it before, each in words of their own."""
    tells("owner_id")(session, actor, **facts, former_owner_id=None)
    if former_owner_id is not None:
        tells("former_owner_id")(session, actor, **facts, former_owner_id=former_owner_id)


def closed(session: Session, actor: Actor, *, status: str, **facts: Any) -> None:
    """Tell the owner of a task that it is cancelled, and whoever gave it how it ended otherwise."""
    person = "owner_id" if status == "cancelled" else "given_by"
    tells(person)(session, actor, status=status, **facts)
