"""Builders for the tests of critical limits and alerts."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Session
from contracts.clinical.critical_alerts import AcknowledgedHow, AcknowledgeLabResult, CriticalEscalated, CriticalStep
from contracts.clinical.critical_limits import EndCriticalLimit, SetCriticalLimit
from contracts.clinical.lab_catalogue import LabFlag
from services.clinical.critical_alerts import commands, ladder
from services.clinical.critical_alerts.commands import CriticalResult
from services.clinical.critical_limits import commands as limits
from services.clinical.models.care import Assignment
from services.clinical.models.critical_alerts import CriticalAcknowledgement, CriticalAlert
from tests.clinical.factories import doctor, in_care, published

POTASSIUM = "2823-3"
MINUTE = timedelta(minutes=1)


class Clock:
    """A clock that a test moves."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.at = clock.now()
        patch.setattr(clock, "now", lambda: self.at)

    def pass_minutes(self, count: float) -> None:
        self.at += count * MINUTE


def critical(physician: Actor | None, person: Actor, **facts: Any) -> CriticalResult:
    """Return a critical potassium of a patient, which the doctor ordered."""
    people = {"patient_id": person.person, "doctor_id": physician and physician.person}
    ids = {"result_id": uuid7(), "result_version": 2, "order_id": uuid7()}
    named = {"test": POTASSIUM, "name": "Potassium", "unit": "mmol/L"}
    value = {"value": Decimal("6.8"), "flag": LabFlag.CRITICAL_HIGH}
    return CriticalResult(**{**people, **ids, **named, **value, **facts})


def raised(session: Session, people: tuple[Actor, Actor] | None = None, **facts: Any) -> CriticalAlert:
    """Raise the alert of a critical potassium."""
    physician, person = people or in_care(session)
    alert = commands.raise_alert(session, critical(physician, person, **facts))
    session.flush()
    return alert


def assigned(session: Session, person: Actor) -> Actor:
    """Assign another doctor to the patient; return the doctor."""
    physician = doctor()
    facts = {"doctor_id": physician.person, "patient_id": person.person, "assigned_by": uuid7()}
    session.add(Assignment(id=uuid7(), assigned_at=clock.now(), **facts))
    session.flush()
    return physician


def tick(session: Session) -> None:
    """Run the timer once."""
    ladder.escalate(session, SYSTEM)
    session.flush()


def steps_of(session: Session, alert: CriticalAlert) -> list[CriticalStep]:
    """Return the steps that were recorded in this session, in order."""
    rows = [values for table, values in session.appended if table.name == "critical_alert_step"]
    return [row["step"] for row in rows if row["alert_id"] == alert.id]


def escalations(session: Session) -> list[tuple[str, set[UUID]]]:
    """Return step and recipients of each published escalation."""
    events = published(session, CriticalEscalated)
    return [(str(event["step"]), {UUID(str(one)) for one in event["recipient_ids"]}) for event in events]


def acknowledge(
    session: Session, physician: Actor, result_id: UUID, how: AcknowledgedHow = AcknowledgedHow.READ_BACK, **fields: Any
) -> CriticalAcknowledgement:
    command = AcknowledgeLabResult(result_id=result_id, how=how, **{"comment": None, **fields})
    acknowledged = commands.acknowledge(session, physician, command)
    session.flush()
    return acknowledged


def alert_of(session: Session, alert_id: UUID) -> CriticalAlert:
    return session.scalars(
        select(CriticalAlert).where(CriticalAlert.id == alert_id).execution_options(populate_existing=True)
    ).one()


def limited(session: Session, people: tuple[Actor, Actor], until: datetime | None = None, **facts: Any) -> Any:
    """Set a higher critical limit of potassium for a patient on dialysis."""
    physician, person = people
    values = {"test": POTASSIUM, "low": None, "high": Decimal("7.0"), "reason": "On dialysis.", **facts}
    until = until or clock.now() + timedelta(days=30)
    return limits.put(session, physician, SetCriticalLimit(patient_id=person.person, until=until, **values))


def ended(session: Session, people: tuple[Actor, Actor], limit_id: UUID) -> Any:
    """End a limit."""
    physician, person = people
    command = EndCriticalLimit(patient_id=person.person, limit_id=limit_id, reason="Transplanted.")
    return limits.end(session, physician, command)
