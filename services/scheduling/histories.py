"""One visit, and all that happened to it."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select

from chassis.database import Session
from chassis.identity import Actor
from contracts.scheduling import AppointmentView, ChangeView
from services.scheduling.models import AppointmentChange
from services.scheduling.parts import VISIT, part_of

CHANGE = cast("Table", AppointmentChange.__table__)
ONE = select(*(VISIT.c[name] for name in AppointmentView.schema().fields)).where(VISIT.c.id == bindparam("visit_id"))
HISTORY = (
    select(*(CHANGE.c[name] for name in ChangeView.schema().fields))
    .where(CHANGE.c.appointment_id == bindparam("visit_id"))
    .order_by(CHANGE.c.revision, CHANGE.c.id)
)


def get(session: Session, actor: Actor, *, appointment_id: UUID) -> dict[str, Any]:
    """A visit with its history, in two statements: the patient's own, the doctor's own, any for the desk."""
    visit = session.core.execute(ONE, {"visit_id": appointment_id}).one_or_none()
    part_of(actor, visit, "patient", "doctor", "desk")
    assert visit is not None  # noqa: S101  for the type checker: else there is no part in it
    return {**visit._asdict(), "history": session.core.execute(HISTORY, {"visit_id": appointment_id}).all()}
