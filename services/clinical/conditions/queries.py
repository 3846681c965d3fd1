"""Read the conditions of a patient."""

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import ChartPart
from contracts.clinical.conditions import ConditionStatus, GetCondition, ListConditions
from services.clinical import versions
from services.clinical.care.access import open_chart
from services.clinical.conditions import rules
from services.clinical.models.conditions import Condition

PRESENT = (ConditionStatus.ACTIVE, ConditionStatus.RECURRENCE, ConditionStatus.RELAPSE)
"""The states of a condition that the patient has now (FHIR: active, and its narrower codes)."""
CURRENT = (*PRESENT, ConditionStatus.INACTIVE, ConditionStatus.REMISSION)
"""The states of a condition that may return, or is there."""
CONDITION = cast("Table", Condition.__table__)
PRESENT_CODES = select(CONDITION.c.code).where(
    CONDITION.c.patient_id == bindparam("patient_id"),
    CONDITION.c.superseded_by.is_(None),
    CONDITION.c.status.in_(PRESENT),
    CONDITION.c.code.is_not(None),
)


def current_conditions(session: Session, patient_id: UUID) -> Sequence[Condition]:
    """Return the conditions that are neither resolved nor entered in error, oldest first, in one statement."""
    query = select(Condition).where(
        Condition.patient_id == patient_id, Condition.superseded_by.is_(None), Condition.status.in_(CURRENT)
    )
    return session.scalars(query.order_by(Condition.id)).all()


def is_pregnant(session: Session, patient_id: UUID) -> bool:
    """Return whether a present condition has a code of pregnancy, birth or the weeks after it."""
    return any(rules.means_pregnancy(row.code) for row in session.rows(PRESENT_CODES, {"patient_id": patient_id}))


def list_of_patient(session: Session, actor: Actor, query: ListConditions) -> Page:
    """List the conditions of a patient in their current versions, newest first."""
    open_chart(session, actor, query.patient_id, ChartPart.CONDITIONS)
    return versions.page_of_current(session, Condition, query.patient_id, limit=query.limit, cursor=query.cursor)


def get(session: Session, actor: Actor, query: GetCondition) -> Mapping[str, object]:
    """Get a condition with all its versions."""
    open_chart(session, actor, query.patient_id, ChartPart.CONDITIONS)
    return versions.with_versions(session, Condition, query.patient_id, query.condition_id)
