"""Set and end the critical limits of a patient."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.critical_limits import (
    CRITICAL_LIMIT_EXISTS,
    NO_SUCH_CRITICAL_LIMIT,
    CriticalLimitStatus,
    EndCriticalLimit,
    SetCriticalLimit,
)
from contracts.clinical.history import HistoryKind
from services.clinical import versions
from services.clinical.care.access import must_treat
from services.clinical.critical_limits import queries
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.lab_catalogue import catalogue, rules
from services.clinical.lab_catalogue.rules import LabTest
from services.clinical.models.critical_limits import CriticalLimit
from services.clinical.patients.rules import invalid_field

LONGEST = timedelta(days=366)
"""A doctor looks at a limit again at least once a year."""


def put(session: Session, actor: Actor, command: SetCriticalLimit) -> Mapping[str, object]:
    """Set limits for a patient in the doctor's care. A limit in force must end first."""
    must_treat(session, actor, command.patient_id)
    session.lock_people(command.patient_id)
    now = clock.now()
    if not now < command.until <= now + LONGEST:
        raise invalid_field("until", "Must be in the future, within a year.")
    test = _checked(command.test, command.low, command.high)
    _must_be_the_only_one(session, command)
    facts = {name: getattr(command, name) for name in ("low", "high", "reason", "until")}
    facts |= {"test": test.code, "name": test.name, "unit": test.unit, "status": CriticalLimitStatus.ACTIVE}
    return _noted(session, actor, versions.add_first(session, actor, CriticalLimit, command.patient_id, **facts))


def _checked(code: str, *limits: Decimal | None) -> LabTest:
    """Return the test. Refuses limits that no value of the test can reach."""
    known = catalogue.current()
    test = known.test(code)
    for limit in limits:
        if limit is not None:
            rules.must_be_possible(test, limit, known.ranges.get(code, ()))
    return test


def _must_be_the_only_one(session: Session, command: SetCriticalLimit) -> None:
    """Refuse a second limit in force. The lock on the patient makes two doctors wait for each other."""
    query = select(CriticalLimit.id).where(
        CriticalLimit.patient_id == command.patient_id,
        CriticalLimit.test == command.test,
        queries.in_force(clock.now()),
    )
    limit_id = session.scalar(query.limit(1))
    if limit_id is not None:
        raise CRITICAL_LIMIT_EXISTS(limit_id=str(limit_id))


def end(session: Session, actor: Actor, command: EndCriticalLimit) -> Mapping[str, object]:
    """End a limit of a patient in the doctor's care, as its next version."""
    must_treat(session, actor, command.patient_id)
    query = select(CriticalLimit).where(CriticalLimit.id == command.limit_id, CriticalLimit.superseded_by.is_(None))
    current = session.scalar(query.where(CriticalLimit.patient_id == command.patient_id))
    if current is None:
        raise NO_SUCH_CRITICAL_LIMIT()
    session.call.expects(current.version)
    current.must_be_active(clock.now())
    ended = versions.add_next(session, actor, current, command.reason, status=CriticalLimitStatus.ENDED)
    return _noted(session, actor, ended)


def _noted(session: Session, actor: Actor, limit: CriticalLimit) -> Mapping[str, object]:
    """Add a version to the patient's history; return it as the view has it."""
    details: dict[str, object] = {"test": limit.test, "unit": limit.unit, "status": limit.status}
    details |= {"low": _number(limit.low), "high": _number(limit.high), "until": limit.until.isoformat()}
    title = f"Critical limits of {limit.name}"
    entry = Entry(limit.patient_id, HistoryKind.CRITICAL_LIMIT, limit.id, title, details, limit.version)
    entries.record(session, actor, entry)
    return queries.view(session, limit)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
