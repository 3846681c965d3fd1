"""Builders of attachments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.attachments import (
    AddAttachment,
    ArchiveAttachment,
    AttachmentKind,
    AttachmentStatus,
    MediaType,
    StoredFileView,
)
from contracts.clinical.labs.commands import UploadLabTest
from services.clinical.attachments import commands
from services.clinical.labs import results
from services.clinical.models.attachments import Attachment
from tests.clinical import lab_factories as lab
from tests.clinical.chart_factories import Chart

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def file(**changes: Any) -> StoredFileView:
    """Return the facts of a stored file."""
    facts = {"name": "letter.pdf", "media_type": MediaType.PDF, "size": 1000, "sha256": DIGEST}
    return StoredFileView(**{"id": uuid7(), **facts, **changes})


def added(session: Session, actor: Actor, patient_id: UUID, **changes: Any) -> UUID:
    """Add a file to the chart; return its id."""
    command = AddAttachment(**{"patient_id": patient_id, "title": "Letter", "file": file(), **changes})
    commands.add(session, actor, command)
    session.flush()
    return command.file.id


def reported(session: Session, people: Chart) -> tuple[UUID, UUID]:
    """Enter a result with a report; return the ids of the report and of the order."""
    placed = lab.received(session, (people.doctor, people.people["patient"]))
    facts = {"patient_id": None, "laboratory": None, "collected_at": None, "comment": None}
    command = UploadLabTest(order_id=placed["id"], results=[lab.measured()], report=file(name="lab.pdf"), **facts)
    (result,) = results.upload(session, lab.technician(), command)["results"]
    session.flush()
    return result["report_id"], placed["id"]


def archived(session: Session, actor: Actor, attachment_id: UUID) -> None:
    """Archive a file."""
    commands.archive(session, actor, ArchiveAttachment(attachment_id=attachment_id, reason="Another patient's."))
    session.flush()


def versions_of(session: Session, attachment_id: UUID) -> list[Attachment]:
    """Return all versions of an attachment, oldest first."""
    query = select(Attachment).where(Attachment.id == attachment_id).order_by(Attachment.version)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def at(moment: datetime) -> UUID:
    """Return an id made at this time."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (uuid7().int & ((1 << 80) - 1)))


def row(**changes: Any) -> Attachment:
    """Return a row of an attachment of some patient."""
    moment = changes.pop("moment")
    facts = {"kind": AttachmentKind.DOCUMENT, "title": "Letter", "name": "letter.pdf", "media_type": MediaType.PDF}
    signed = {"patient_id": uuid7(), "author_id": uuid7(), "uploaded_by": uuid7(), "uploaded_at": moment}
    state = {"status": AttachmentStatus.ACTIVE, "recorded_at": moment, "version": 1, "size": 10, "sha256": DIGEST}
    return Attachment(**{"id": at(moment), **facts, **signed, **state, **changes})
