"""List attachments, and open one."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.attachments import (
    NO_SUCH_ATTACHMENT,
    ListAttachments,
    ListMyAttachments,
    OpenAttachment,
)
from contracts.clinical.care import CARERS, DOCTOR, ChartPart
from services.clinical import versions
from services.clinical.attachments import access
from services.clinical.care.access import open_chart
from services.clinical.models.attachments import Attachment


def list_of_patient(session: Session, actor: Actor, query: ListAttachments) -> Page:
    """List the files in the chart of a patient."""
    open_chart(session, actor, query.patient_id, ChartPart.ATTACHMENTS, CARERS)
    return versions.page_of_current(
        session,
        Attachment,
        query.patient_id,
        access.READABLE,
        limit=query.limit,
        cursor=query.cursor,
        status=query.status,
    )


def list_own(session: Session, actor: Actor, query: ListMyAttachments) -> Page:
    """List the files in the patient's own chart."""
    actor.may_act_for(query.patient_id)
    return versions.page_of_current(
        session, Attachment, query.patient_id, access.READABLE, limit=query.limit, cursor=query.cursor
    )


def open_one(session: Session, actor: Actor, query: OpenAttachment) -> Attachment:
    """Return the facts of a file that the caller may download, and record the reading."""
    named = (Attachment.id == query.attachment_id, Attachment.superseded_by.is_(None))
    found = session.scalar(select(Attachment).where(*named))
    if found is None:
        raise NO_SUCH_ATTACHMENT.not_yet() if actor.has(DOCTOR) else NO_SUCH_ATTACHMENT()
    access.open_file(session, actor, found)
    return found
