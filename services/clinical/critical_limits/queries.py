"""Read the critical limits of a patient."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, case, literal, literal_column, select

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Statement, page
from contracts.clinical.care import ChartPart
from contracts.clinical.critical_limits import CriticalLimitStatus, ListCriticalLimits
from services.clinical import versions
from services.clinical.care.access import open_chart
from services.clinical.directory.people import NAME
from services.clinical.models.critical_limits import LIMIT, CriticalLimit
from services.clinical.models.directory import PERSON


def in_force(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition of limits that count at this time. The literal state lets the partial index match."""
    is_active = LIMIT.c.status == literal_column(f"'{CriticalLimitStatus.ACTIVE}'")
    return LIMIT.c.superseded_by.is_(None) & is_active & (LIMIT.c.until > now)


def list_of_patient(session: Session, actor: Actor, query: ListCriticalLimits) -> Page:
    """List the limits of a patient in the caller's care, newest first."""
    open_chart(session, actor, query.patient_id, ChartPart.LABS)
    statement = (
        _shown(clock.now())
        .outerjoin(PERSON, PERSON.c.id == CriticalLimit.author_id)
        .where(CriticalLimit.patient_id == query.patient_id, CriticalLimit.superseded_by.is_(None))
    )
    return page(session, statement, (CriticalLimit.id,), limit=query.limit, cursor=query.cursor)


def _shown(now: datetime) -> Statement:
    """Select the columns of the view at this time."""
    is_over = (CriticalLimit.status == CriticalLimitStatus.ACTIVE) & (CriticalLimit.until <= now)
    status = case((is_over, literal(CriticalLimitStatus.EXPIRED.value)), else_=CriticalLimit.status)
    return select(
        CriticalLimit.id,
        CriticalLimit.patient_id,
        CriticalLimit.test,
        CriticalLimit.name,
        CriticalLimit.unit,
        CriticalLimit.low,
        CriticalLimit.high,
        CriticalLimit.reason,
        CriticalLimit.until,
        status.label("status"),
        CriticalLimit.author_id,
        NAME.label("author_name"),
        CriticalLimit.recorded_at,
        CriticalLimit.version,
        CriticalLimit.version.label("revision"),
    )


def view(session: Session, limit: CriticalLimit) -> Mapping[str, object]:
    """Return one limit as the view has it."""
    return {**versions.shown(session, limit), "status": limit.status_at(clock.now())}
