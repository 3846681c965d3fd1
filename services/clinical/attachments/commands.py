"""Add files to charts, and archive them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.attachments import (
    ALREADY_ARCHIVED,
    NO_SUCH_ATTACHMENT,
    AddAttachment,
    ArchiveAttachment,
    AttachmentKind,
    AttachmentStatus,
    StoredFileView,
)
from contracts.clinical.history import HistoryKind
from services.clinical import versions
from services.clinical.attachments import access
from services.clinical.care.access import must_care
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.models.attachments import Attachment

REPORT_TITLE = "Laboratory report"


def add(session: Session, actor: Actor, command: AddAttachment) -> Mapping[str, object]:
    """Add a stored file to the chart."""
    must_care(session, actor, command.patient_id)
    row = add_file(session, actor, command.patient_id, command.file, kind=AttachmentKind.DOCUMENT, title=command.title)
    _record(session, actor, row)
    return versions.shown(session, row)


def add_file(
    session: Session, actor: Actor, patient_id: UUID, file: StoredFileView, *, kind: AttachmentKind, title: str
) -> Attachment:
    """Add the row of a stored file. The caller has checked the access to the patient."""
    facts = {**file.given(), "kind": kind, "title": title, "status": AttachmentStatus.ACTIVE}
    now = clock.now()
    upload = {"uploaded_by": actor.person, "uploaded_at": now, "recorded_at": now}
    return versions.add_first(session, actor, Attachment, patient_id, **facts, **upload)


def add_report(session: Session, actor: Actor, patient_id: UUID, file: StoredFileView) -> UUID:
    """Add the report of new laboratory results; return its id. Patient and carers see it after their verification."""
    return add_file(session, actor, patient_id, file, kind=AttachmentKind.LAB_REPORT, title=REPORT_TITLE).id


def archive(session: Session, actor: Actor, command: ArchiveAttachment) -> Mapping[str, object]:
    """Mark a file as one that no longer counts. Its object stays in the store."""
    current = session.scalar(
        select(Attachment).where(Attachment.id == command.attachment_id, Attachment.superseded_by.is_(None))
    )
    if current is None:
        raise NO_SUCH_ATTACHMENT.not_yet()
    access.must_care_for(session, actor, current)
    session.call.expects(current.version)
    if current.status == AttachmentStatus.ARCHIVED:
        raise ALREADY_ARCHIVED()
    row = versions.add_next(session, actor, current, command.reason, status=AttachmentStatus.ARCHIVED)
    _record(session, actor, row)
    return versions.shown(session, row)


def _record(session: Session, actor: Actor, row: Attachment) -> None:
    """Add the version to the patient's history."""
    details = {"name": row.name, "media_type": row.media_type, "size": row.size, "status": row.status}
    entry = Entry(
        patient_id=row.patient_id,
        kind=HistoryKind.ATTACHMENT,
        record_id=row.id,
        title=row.title,
        details={**details, "reason": row.reason},
        version=row.version,
    )
    entries.record(session, actor, entry)
