"""What is told about tasks: to whoever has one or has it no longer, and to whoever did not end it."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.tasks import TaskAssigned, TaskClosed
from services.notify.notifications.commands import write


def assigned(session: Session, actor: Actor, event: TaskAssigned) -> None:
    """Tell the owner of a task, and whoever had it before, each in words of their own."""
    write(session, actor, event, ["owner_id", "former_owner_id"])


def closed(session: Session, actor: Actor, event: TaskClosed) -> None:
    """Tell the owner of a task that it is cancelled, and whoever gave it how it ended otherwise."""
    write(session, actor, event, ["owner_id" if event.status == "cancelled" else "given_by"])
