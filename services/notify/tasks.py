"""What is told about tasks: to whoever did not do it."""

from typing import Any

from chassis.database import Session
from chassis.identity import Actor
from services.notify.notifications import tells


def closed(session: Session, actor: Actor, *, status: str, **facts: Any) -> None:
    """Tell the owner of a task that it is cancelled, and whoever gave it how it ended otherwise."""
    person = "owner_id" if status == "cancelled" else "given_by"
    tells(person)(session, actor, status=status, **facts)
