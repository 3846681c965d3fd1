"""Timer: prescriptions whose course is over."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionStatus
from services.clinical.history import entries
from services.clinical.models.prescriptions import Prescription, Supply
from services.clinical.prescriptions.commands import ended
from services.clinical.prescriptions.queries import LOADED
from services.clinical.refills import open_requests

PACE = 600.0
"""Seconds between two looks."""
BATCH = 100


def complete(session: Session, actor: Actor) -> None:
    """Complete prescriptions whose last fill, and each fill that was not collected, would be used up by now."""
    now = clock.now()
    for prescription in _locked(session, _over(session)):
        if prescription.status == PrescriptionStatus.ACTIVE and prescription.is_over(now):
            prescription.finish(PrescriptionStatus.COMPLETED, None, now, None)
            entries.record(session, actor, ended(prescription, "Completed"))
            open_requests.expire(session, prescription.id)


def _over(session: Session) -> Sequence[UUID]:
    """Return prescriptions of which no medicine has a later end."""
    now, other = clock.now(), aliased(Supply)
    goes_on = exists().where(other.prescription_id == Supply.prescription_id, other.ends_at > now)
    query = select(Supply.prescription_id).where(Supply.ends_at <= now, ~goes_on).distinct().limit(BATCH)
    return session.scalars(query).all()


def _locked(session: Session, ids: Sequence[UUID]) -> Sequence[Prescription]:
    """Return prescriptions with their items, behind the locks of their patients."""
    if not ids:
        return []
    session.lock_people(*session.scalars(select(Prescription.patient_id).where(Prescription.id.in_(ids))))
    query = select(Prescription).where(Prescription.id.in_(ids)).options(*LOADED)
    return session.scalars(query.order_by(Prescription.id).execution_options(populate_existing=True)).all()
