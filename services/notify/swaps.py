"""What is told about swaps of shifts: to whoever has not done it, and nothing that `shift_changed` says already."""

from typing import Any

from chassis.database import Session
from chassis.identity import Actor
from services.notify.notifications import tells


def answered(session: Session, actor: Actor, *, status: str, **facts: Any) -> None:
    """Tell who asked what the other one said, and the other one that nothing is asked any more."""
    person = "asked_of" if status == "withdrawn" else "asked_by"
    tells(person)(session, actor, status=status, **facts)


def decided(session: Session, actor: Actor, *, status: str, **facts: Any) -> None:
    """Tell both that an admin has refused. Whose shifts move is told so by `shift_changed`."""
    if status == "refused":
        tells("asked_by", "asked_of")(session, actor, status=status, **facts)
