"""The steps of an order: a row for each, with the person, the time and the reason."""

from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.labs.states import LabStatus
from services.clinical.models.labs import LabStep


def record(
    session: Session,
    actor: Actor,
    order_id: UUID,
    status: LabStatus,
    *,
    specimen: int | None = None,
    reason: str | None = None,
) -> None:
    """Record that the caller moved an order, or one of its specimens, to a state."""
    session.append(
        LabStep,
        id=uuid7(),
        order_id=order_id,
        specimen_number=specimen,
        status=status,
        author_id=actor.person,
        at=clock.now(),
        reason=reason,
    )
