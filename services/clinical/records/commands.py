"""Write visit notes, and change them by new versions."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import AccessBasis
from contracts.clinical.history import HistoryKind
from contracts.clinical.records import (
    DOCTOR_REQUIRED,
    NO_SUCH_VISIT,
    WRITERS,
    AddRecord,
    AmendRecord,
    EnterRecordInError,
    RecordAdded,
    RecordKind,
    RecordStatus,
)
from contracts.roles import Role
from services.clinical import versions
from services.clinical.care.access import must_care
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.models.care import CareRelation
from services.clinical.models.records import ClinicalRecord


def add(session: Session, actor: Actor, command: AddRecord) -> Mapping[str, object]:
    """Add a visit note to the chart."""
    basis = must_care(session, actor, command.patient_id)
    _check_writer(basis, command.kind)
    if command.appointment_id is not None:
        _check_visit(session, command.patient_id, command.appointment_id)
    facts = {"kind": command.kind, "text": command.text, "code": command.code}
    about = {"status": RecordStatus.FINAL, "appointment_id": command.appointment_id}
    return _note(
        session, actor, versions.add_first(session, actor, ClinicalRecord, command.patient_id, **facts, **about)
    )


def amend(session: Session, actor: Actor, command: AmendRecord) -> Mapping[str, object]:
    """Replace the text of a visit note by a new version."""
    return _change(session, actor, command, RecordStatus.AMENDED)


def enter_in_error(session: Session, actor: Actor, command: EnterRecordInError) -> Mapping[str, object]:
    """Mark a visit note as entered in error."""
    return _change(session, actor, command, RecordStatus.ENTERED_IN_ERROR)


def _change(
    session: Session, actor: Actor, command: AmendRecord | EnterRecordInError, status: RecordStatus
) -> Mapping[str, object]:
    basis = must_care(session, actor, command.patient_id)
    record = versions.amendable(session, ClinicalRecord, command.patient_id, command.record_id)
    _check_writer(basis, RecordKind(record.kind))
    changes = {name: value for name, value in command.given().items() if name in ("text", "code")}
    following = versions.add_next(session, actor, record, command.reason, status=status, **changes)
    return _note(session, actor, following)


def _check_writer(basis: AccessBasis, kind: RecordKind) -> None:
    """Refuse nurses for kinds that only doctors write."""
    if basis is AccessBasis.NURSING and Role.NURSE not in WRITERS[kind]:
        raise DOCTOR_REQUIRED()


def _check_visit(session: Session, patient_id: UUID, appointment_id: UUID) -> None:
    """Refuse an appointment that is not the patient's. Raises NotYet: its event may be on its way."""
    visit = (CareRelation.appointment_id == appointment_id, CareRelation.patient_id == patient_id)
    if session.scalar(select(CareRelation.id).where(*visit)) is None:
        raise NO_SUCH_VISIT.not_yet()


def _note(session: Session, actor: Actor, record: ClinicalRecord) -> Mapping[str, object]:
    """Add the version to the patient's history, publish it, and return it."""
    visit = None if record.appointment_id is None else str(record.appointment_id)
    details = {"text": record.text, "code": record.code, "status": record.status, "reason": record.reason}
    entry = Entry(
        patient_id=record.patient_id,
        kind=HistoryKind(record.kind),
        record_id=record.id,
        title=record.text.strip().splitlines()[0],
        details={**details, "appointment_id": visit},
        version=record.version,
    )
    entries.record(session, actor, entry)
    event = RecordAdded(
        record_id=record.id,
        patient_id=record.patient_id,
        author_id=record.author_id,
        appointment_id=record.appointment_id,
        kind=RecordKind(record.kind),
        status=RecordStatus(record.status),
        revision=record.version,
    )
    session.publish(event)
    return versions.shown(session, record)
