"""Read vital signs."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, literal_column, select
from sqlalchemy.orm import aliased

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Listing
from contracts.clinical.care import ChartPart
from contracts.clinical.vitals import ListVitals, VitalsStatus
from services.clinical.care.access import open_chart
from services.clinical.directory.people import name_of, names_of
from services.clinical.listings import window_of
from services.clinical.models.patients import Patient
from services.clinical.models.vitals import VITALS, Vitals

Shown = dict[str, object]
"""A reading as `VitalsView` shows it."""
CURRENT = {"is_current": VITALS.c.superseded_by.is_(None)}
READINGS = Listing(list(VITALS.c), (VITALS.c.measured_at, VITALS.c.id), CURRENT)
NEWS2 = ("score", "level", "missing", "scale", "next_due_at")


class Score(NamedTuple):
    """The NEWS2 of a patient's last reading with a level. `score` is None if that reading is incomplete."""

    score: int | None
    level: str
    measured_at: datetime


class Weight(NamedTuple):
    """A body weight, in kg."""

    kg: float
    measured_at: datetime


def shown(reading: Vitals | Row[*tuple[object, ...]], author_name: str | None) -> Shown:
    """Return a reading as callers see it."""
    values = {column.key: getattr(reading, column.key) for column in VITALS.c}
    news2 = {"status": values["news2_status"], **{name: values[name] for name in NEWS2}}
    return {**values, "revision": values["version"], "author_name": author_name, "news2": news2}


def listing(session: Session, actor: Actor, query: ListVitals) -> Page:
    """List the readings of a patient, in three statements."""
    open_chart(session, actor, query.patient_id, ChartPart.VITALS)
    found = READINGS.page(session, window_of(query), patient_id=query.patient_id, is_current=True)
    names = names_of(session, [row.author_id for row in found.items])
    return Page([shown(row, names.get(row.author_id)) for row in found.items], found.next)


def latest_vitals(session: Session, patient_id: UUID) -> Shown | None:
    """Return the patient's last reading with its NEWS2, as `VitalsView` shows it; None without a reading."""
    found = session.scalar(_latest(patient_id))
    return None if found is None else shown(found, name_of(session, found.author_id))


def latest_weight(session: Session, patient_id: UUID) -> Weight | None:
    """Return the patient's last body weight; None if it was never measured."""
    found = session.scalar(_latest(patient_id).where(Vitals.weight_kg.is_not(None)))
    return None if found is None or found.weight_kg is None else Weight(found.weight_kg, found.measured_at)


def _latest(patient_id: UUID) -> Select[Vitals]:
    own = select(Vitals).where(Vitals.patient_id == patient_id, is_valid(Vitals))
    return own.order_by(Vitals.measured_at.desc(), Vitals.id.desc()).limit(1)


def is_valid(vitals: type[Vitals]) -> ColumnElement[bool]:
    """Return the condition of the present version of a reading that was not entered in error.

    The literal state lets the partial indexes match.
    """
    return vitals.superseded_by.is_(None) & (vitals.status == literal_column(f"'{VitalsStatus.FINAL}'"))


def latest_scores(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, Score]:
    """Return the last scores of those patients who have a reading with a level, in one statement."""
    reading, other = aliased(Vitals), aliased(Vitals)
    counts = select(other.id).where(other.patient_id == Patient.id, is_valid(other), other.level.is_not(None))
    newest = counts.order_by(other.measured_at.desc(), other.id.desc()).limit(1).correlate(Patient).scalar_subquery()
    query = (
        select(reading.patient_id, reading.score, reading.level, reading.measured_at)
        .join_from(Patient, reading, reading.id == newest)
        .where(Patient.id.in_(patient_ids), reading.superseded_by.is_(None))
    )
    rows = session.execute(query) if patient_ids else ()
    return {row.patient_id: Score(row.score, row.level, row.measured_at) for row in rows}
