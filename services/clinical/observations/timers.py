"""Timer: readings whose successor is late."""

from sqlalchemy import exists, select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.observations import ObservationsOverdue
from services.clinical.models.observations import OverdueNotice
from services.clinical.models.patients import Patient
from services.clinical.models.vitals import Vitals
from services.clinical.observations.queries import is_due
from services.clinical.observations.rules import OVERDUE_AFTER

PACE = 30.0
"""Seconds."""
BATCH = 200


def announce_overdue(session: Session, _actor: Actor) -> None:
    """Publish once for each reading that the next one is late, longest waiting first."""
    now = clock.now()
    is_late = Vitals.next_due_at <= now - OVERDUE_AFTER
    is_announced = exists().where(OverdueNotice.vitals_id == Vitals.id)
    facts = (Vitals.id.label("vitals_id"), Vitals.patient_id, Vitals.measured_at, Vitals.level, Vitals.next_due_at)
    statement = select(*facts).join_from(Vitals, Patient, Patient.id == Vitals.patient_id)
    statement = statement.where(is_due(now), is_late, ~is_announced).order_by(Vitals.next_due_at).limit(BATCH)
    for row in session.execute(statement):
        session.append(OverdueNotice, vitals_id=row.vitals_id, at=now)
        session.publish(ObservationsOverdue(**row._asdict()))
