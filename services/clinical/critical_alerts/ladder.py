"""The ladder of critical alerts: each step notifies more people, exactly once, until a doctor acknowledges."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.critical_alerts import CriticalEscalated, CriticalStep
from services.clinical.care import treatments
from services.clinical.critical_alerts import rules
from services.clinical.models.critical_alerts import CriticalAlert, CriticalAlertStep

PACE = 10.0
"""Seconds."""
BATCH = 100


def escalate(session: Session, _actor: Actor) -> None:
    """Take the steps that are due. An acknowledgement holds the row, so it either stops the step or comes after it.

    An alert that waited for long, because all processes were down, takes one step in each run.
    """
    now = clock.now()
    due = select(CriticalAlert).where(CriticalAlert.next_at <= now).order_by(CriticalAlert.next_at).limit(BATCH)
    for alert in session.scalars(due.with_for_update(skip_locked=True)).all():
        planned = rules.following(CriticalStep(alert.step), alert.raised_at)
        if planned is not None:
            take(session, alert, planned.step)


def take(session: Session, alert: CriticalAlert, step: CriticalStep) -> None:
    """Take a step: record it, notify its people, and plan the next step."""
    recipients = _recipients(session, alert, step)
    planned = rules.following(step, alert.raised_at)
    alert.climb(step, planned and planned.at)
    session.append(
        CriticalAlertStep,
        id=uuid7(),
        alert_id=alert.id,
        step=step,
        recipient_ids=[str(recipient) for recipient in recipients],
        at=clock.now(),
    )
    if step is not rules.FIRST or alert.doctor_id is None:  # Else `lab_result_critical` notifies the ordering doctor.
        session.publish(_event(alert, step, recipients))


def _event(alert: CriticalAlert, step: CriticalStep, recipients: Sequence[UUID]) -> CriticalEscalated:
    return CriticalEscalated(
        alert_id=alert.id,
        result_id=alert.result_id,
        order_id=alert.order_id,
        patient_id=alert.patient_id,
        step=step,
        recipient_ids=list(recipients),
        raised_at=alert.raised_at,
    )


def _recipients(session: Session, alert: CriticalAlert, step: CriticalStep) -> Sequence[UUID]:
    """Return the doctors of a step, each once. Without an ordering doctor, the treating doctors are the first."""
    if step is CriticalStep.ADMINS:
        return ()
    ordering = () if alert.doctor_id is None else (alert.doctor_id,)
    if step is CriticalStep.ORDERING_DOCTOR and ordering:
        return ordering
    return tuple(dict.fromkeys((*ordering, *sorted(treatments.doctors_of(session, alert.patient_id)))))
