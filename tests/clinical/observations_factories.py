"""Builders for the tests of observations."""

from uuid import UUID

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.observations import EndObservations
from services.clinical.models.observations import ObservationEnd
from services.clinical.observations import commands
from tests.clinical.factories import nurse


def ended(session: Session, patient_id: UUID, *, by: Actor | None = None) -> ObservationEnd:
    """End the observations of a patient."""
    written = commands.end(session, by or nurse(), EndObservations(patient_id=patient_id, reason="Discharged."))
    session.flush()
    return written
