"""Oxygen targets: doctors decide by which SpO2 scale of NEWS2 a patient is scored."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Table, select

from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.refusals import STALE
from contracts.clinical.care import DOCTOR, ChartPart
from contracts.clinical.history import HistoryKind
from contracts.clinical.oxygen_targets import SCALE_1, GetOxygenTarget, SetOxygenTarget
from services.clinical import versions
from services.clinical.care.access import must_care, open_chart
from services.clinical.directory.people import names_of
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.models.oxygen_targets import OxygenTarget

ACTIVE = "active"
"""The status of every version: a doctor who was wrong decides again."""
TARGET = cast("Table", OxygenTarget.__table__)
Shown = dict[str, object]
"""A target with its versions, as `OxygenTargetView` shows it."""


def set_target(session: Session, actor: Actor, command: SetOxygenTarget) -> Shown:
    """Record the first target of a patient, or its next version. The slower of two doctors at once is refused."""
    must_care(session, actor, command.patient_id, DOCTOR)
    query = select(OxygenTarget).where(
        OxygenTarget.patient_id == command.patient_id, OxygenTarget.superseded_by.is_(None)
    )
    current = session.scalar(query)
    session.call.expects(0 if current is None else current.version)
    if current is not None:
        added = versions.add_next(session, actor, current, command.reason, scale=command.scale)
    else:
        facts = {"status": ACTIVE, "reason": command.reason, "scale": command.scale}
        with refusing(session, {"uq_oxygen_target_patient_id": STALE}):
            added = versions.add_first(session, actor, OxygenTarget, command.patient_id, **facts)
    _write_history(session, actor, added)
    session.note(record_id=command.patient_id)
    return _shown(session, command.patient_id)


def _write_history(session: Session, actor: Actor, target: OxygenTarget) -> None:
    details = {"scale": target.scale, "reason": target.reason}
    title = f"Oxygen target: SpO2 scale {target.scale}"
    entry = Entry(target.patient_id, HistoryKind.OXYGEN_TARGET, target.id, title, details, target.version)
    entries.record(session, actor, entry)


def get(session: Session, actor: Actor, query: GetOxygenTarget) -> Shown:
    """Get the oxygen target of a patient with all its versions."""
    open_chart(session, actor, query.patient_id, ChartPart.VITALS)
    return _shown(session, query.patient_id)


def _shown(session: Session, patient_id: UUID) -> Shown:
    rows = _versions(session, patient_id)
    names = names_of(session, [row.author_id for row in rows])
    current = rows[0] if rows else None
    return {
        "patient_id": patient_id,
        "scale": current.scale if current else SCALE_1,
        "revision": current.version if current else 0,
        "versions": [_version(row, names.get(row.author_id)) for row in rows],
    }


def _versions(session: Session, patient_id: UUID) -> Sequence[OxygenTarget]:
    query = select(OxygenTarget).where(OxygenTarget.patient_id == patient_id)
    return session.scalars(query.order_by(OxygenTarget.version.desc())).all()


def _version(row: OxygenTarget, author_name: str | None) -> Shown:
    names = ("id", "patient_id", "version", "author_id", "recorded_at", "reason", "scale")
    return {**{name: getattr(row, name) for name in names}, "revision": row.version, "author_name": author_name}


def scale_of(patient_id: ColumnElement[UUID]) -> ScalarSelect[int]:
    """Return the subquery of the scale of a patient's current target; null without a target."""
    current = select(TARGET.c.scale).where(TARGET.c.patient_id == patient_id)
    return current.where(TARGET.c.superseded_by.is_(None)).scalar_subquery()
