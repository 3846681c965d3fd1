"""Versions of results. A change adds a version, and the former version stays."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.history import HistoryKind
from contracts.clinical.labs.states import ResultStatus
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.models.append_only import successor_of, supersede
from services.clinical.models.labs import LabResult


def unverified(session: Session, test_ids: Collection[UUID]) -> list[LabResult]:
    """Return the unverified results of these tests, in the order in which they were entered."""
    query = select(LabResult).where(LabResult.test_id.in_(test_ids), LabResult.status == ResultStatus.RESULTED)
    return list(session.scalars(query.where(LabResult.superseded_by.is_(None)).order_by(LabResult.id)))


def replace(session: Session, current: LabResult, **changes: object) -> LabResult:
    """Add the next version of a result, with these changes; return it."""
    supersede(session, current)
    session.add(successor := successor_of(current, **changes))
    return successor


def withdraw(session: Session, actor: Actor, test_ids: Collection[UUID], reason: str) -> None:
    """Withdraw the unverified results of a rejected specimen."""
    facts = {"author_id": actor.person, "recorded_at": clock.now(), "reason": reason}
    for current in unverified(session, test_ids):
        replace(session, current, status=ResultStatus.ENTERED_IN_ERROR, **facts)


def enter(session: Session, actor: Actor, result: LabResult) -> None:
    """Add a published version to the patient's history."""
    numbers = {name: getattr(result, name) for name in ("value", "low", "high")}
    details: dict[str, object] = {"test": result.code, "order_id": str(result.order_id)}
    details |= {name: None if number is None else float(number) for name, number in numbers.items()}
    details |= {name: getattr(result, name) for name in ("unit", "flag", "status", "comment", "reason")}
    details["observed_at"] = result.observed_at.isoformat()
    title = f"{result.name}: {result.value} {result.unit}"
    entry = Entry(result.patient_id, HistoryKind.LAB_RESULT, result.id, title, details, version=result.version)
    entries.record(session, actor, entry)
