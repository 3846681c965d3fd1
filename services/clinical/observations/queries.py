"""Patients whose next vital signs are due."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select, tuple_
from sqlalchemy.orm import aliased

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.observations import ListObservationsDue
from services.clinical.care.access import record_listed
from services.clinical.models.observations import ObservationEnd
from services.clinical.models.patients import Patient
from services.clinical.models.vitals import Vitals
from services.clinical.observations.rules import LISTED_FOR, OVERDUE_AFTER
from services.clinical.vitals.queries import is_valid


def listing(session: Session, actor: Actor, query: ListObservationsDue) -> Page:
    """List the patients whose next vital signs are due, longest waiting first, and record the readings."""
    now = clock.now()
    shown = (
        Vitals.id,
        Vitals.id.label("vitals_id"),
        Vitals.patient_id,
        Patient.name.label("patient_name"),
        Patient.mrn,
        Patient.birth_date,
        Vitals.measured_at,
        Vitals.score,
        Vitals.level,
        Vitals.next_due_at,
        (Vitals.next_due_at <= now - OVERDUE_AFTER).label("is_overdue"),
    )
    keys = (Vitals.next_due_at, Vitals.id)
    statement = select(*shown).join_from(Vitals, Patient, Patient.id == Vitals.patient_id).where(is_due(now))
    found = page(session, statement, keys, limit=query.limit, cursor=query.cursor, newest_first=False)
    record_listed(session, actor, [row.patient_id for row in found.items], ChartPart.VITALS, AccessBasis.NURSING)
    return found


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition of a patient's last reading, joined with the patient, whose next reading is due."""
    return and_(
        is_valid(Vitals),
        Vitals.next_due_at <= now,
        Vitals.next_due_at > now - LISTED_FOR,
        Patient.deceased_at.is_(None),
        Patient.erased_at.is_(None),
        ~_has_later(),
        ~_has_ended(),
    )


def _has_later() -> ColumnElement[bool]:
    """Return the condition that a later reading with a level is known."""
    later = aliased(Vitals)
    is_later = tuple_(later.measured_at, later.id) > tuple_(Vitals.measured_at, Vitals.id)
    own = later.patient_id == Vitals.patient_id
    return exists().where(own, is_valid(later), later.level.is_not(None), is_later)


def _has_ended() -> ColumnElement[bool]:
    """Return the condition that the observations ended after the reading was recorded."""
    own = ObservationEnd.patient_id == Vitals.patient_id
    return exists().where(own, ObservationEnd.ended_at >= Vitals.recorded_at)
