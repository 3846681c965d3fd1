"""Entries of a patient's history, written in the transaction of the record itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.history import HistoryKind
from services.clinical.models.history import HistoryEntry

LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry for one version of a record. `details` are plain JSON values with stable names."""

    patient_id: UUID
    kind: HistoryKind
    record_id: UUID
    title: str
    details: Mapping[str, object] = field(default_factory=dict)
    version: int = 1


def record(session: Session, actor: Actor, entry: Entry) -> None:
    """Add an entry to the patient's history, by the caller, now."""
    session.append(
        HistoryEntry,
        id=uuid7(),
        patient_id=entry.patient_id,
        kind=entry.kind,
        record_id=entry.record_id,
        version=entry.version,
        at=clock.now(),
        title=entry.title[:LONGEST_TITLE],
        details=dict(entry.details),
        author_id=actor.id,
    )
