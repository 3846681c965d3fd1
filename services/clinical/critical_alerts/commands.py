"""Raise, replace and acknowledge critical alerts."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.critical_alerts import (
    ALREADY_ACKNOWLEDGED,
    NO_SUCH_CRITICAL_RESULT,
    AcknowledgeLabResult,
    CriticalAlertStatus,
)
from contracts.clinical.lab_catalogue import LabFlag
from services.clinical.care.access import treats
from services.clinical.critical_alerts import ladder, rules
from services.clinical.models.critical_alerts import CriticalAcknowledgement, CriticalAlert


@dataclass(frozen=True, slots=True)
class CriticalResult:
    """One version of a verified critical result. `doctor_id` ordered it; it is None for an outside laboratory."""

    result_id: UUID
    result_version: int
    order_id: UUID
    patient_id: UUID
    doctor_id: UUID | None
    test: str
    name: str
    value: Decimal
    unit: str
    flag: LabFlag


def raise_alert(session: Session, result: CriticalResult) -> CriticalAlert:
    """Start the ladder of a critical result. An open alert about an earlier version of the result ends."""
    supersede_alert(session, result.result_id)
    now = clock.now()
    facts = {"status": CriticalAlertStatus.OPEN, "step": rules.FIRST, "next_at": None, "raised_at": now}
    alert = CriticalAlert(id=uuid7(), closed_at=None, **facts, **asdict(result))
    session.add(alert)
    session.flush()
    ladder.take(session, alert, rules.FIRST)
    return alert


def supersede_alert(session: Session, result_id: UUID) -> None:
    """Stop the ladder of a result that was corrected or withdrawn."""
    query = select(CriticalAlert).where(
        CriticalAlert.result_id == result_id, CriticalAlert.status == CriticalAlertStatus.OPEN
    )
    for alert in session.scalars(query.with_for_update()).all():
        alert.close(CriticalAlertStatus.SUPERSEDED, clock.now())


def acknowledge(session: Session, actor: Actor, command: AcknowledgeLabResult) -> CriticalAcknowledgement:
    """Acknowledge a critical result and keep its value as it is now. The ladder stops."""
    alert = _visible(session, actor, command.result_id)
    if alert.status == CriticalAlertStatus.ACKNOWLEDGED:
        raise _already_acknowledged(session, alert)
    now = clock.now()
    alert.close(CriticalAlertStatus.ACKNOWLEDGED, now)
    copied = ("result_id", "result_version", "test", "name", "value", "unit", "flag")
    acknowledgement = CriticalAcknowledgement(
        id=uuid7(),
        alert_id=alert.id,
        how=command.how,
        comment=command.comment,
        acknowledged_by=actor.person,
        acknowledged_at=now,
        **{name: getattr(alert, name) for name in copied},
    )
    session.add(acknowledgement)
    return acknowledgement


def _visible(session: Session, actor: Actor, result_id: UUID) -> CriticalAlert:
    """Lock and return the newest alert of a result, unless it is superseded or hidden from the doctor."""
    query = select(CriticalAlert).where(
        CriticalAlert.result_id == result_id, CriticalAlert.status != CriticalAlertStatus.SUPERSEDED
    )
    newest = query.order_by(CriticalAlert.result_version.desc()).limit(1)
    alert = session.scalar(newest.with_for_update())
    if alert is None or not (alert.doctor_id == actor.person or treats(session, actor.person, alert.patient_id)):
        raise NO_SUCH_CRITICAL_RESULT()
    return alert


def _already_acknowledged(session: Session, alert: CriticalAlert) -> Exception:
    found = session.scalars(select(CriticalAcknowledgement).where(CriticalAcknowledgement.alert_id == alert.id)).one()
    by, at = str(found.acknowledged_by), found.acknowledged_at.isoformat()
    return ALREADY_ACKNOWLEDGED(acknowledged_by=by, acknowledged_at=at)
