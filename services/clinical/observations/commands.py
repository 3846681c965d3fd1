"""End the observations of a patient."""

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.observations import EndObservations, ObservationsEnded
from services.clinical.care.access import must_care
from services.clinical.models.observations import ObservationEnd


def end(session: Session, actor: Actor, command: EndObservations) -> ObservationEnd:
    """End the observations of a patient until the next reading."""
    must_care(session, actor, command.patient_id)
    ended = ObservationEnd(
        id=uuid7(),
        patient_id=command.patient_id,
        ended_at=clock.now(),
        ended_by=actor.person,
        reason=command.reason,
    )
    session.add(ended)
    session.publish(ObservationsEnded(patient_id=ended.patient_id, ended_at=ended.ended_at))
    return ended
