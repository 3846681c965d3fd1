"""What is told about swaps of shifts: to whoever has not done it, and nothing that `shift_changed` says already."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.swaps import SwapAnswered, SwapDecided
from services.notify.notifications.commands import write


def answered(session: Session, actor: Actor, event: SwapAnswered) -> None:
    """Tell who asked what the other one said, and the other one that nothing is asked any more."""
    write(session, actor, event, ["asked_of" if event.status == "withdrawn" else "asked_by"])


def decided(session: Session, actor: Actor, event: SwapDecided) -> None:
    """Tell both that an admin has refused. Whose shifts move is told so by `shift_changed`."""
    if event.status == "refused":
        write(session, actor, event, ["asked_by", "asked_of"])
