"""The access to attachments. An attachment that the caller may not see gets the refusal of an unknown id."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exists, or_, select

from chassis.errors import NotFound, NotYet
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.attachments import NO_SUCH_ATTACHMENT, AttachmentKind
from contracts.clinical.care import CARERS, DOCTOR, LAB_TECHNICIAN, ChartPart
from contracts.clinical.labs.states import ResultStatus
from services.clinical.care.access import must_care, open_chart
from services.clinical.models.attachments import Attachment
from services.clinical.models.labs import LabResult

READABLE = or_(
    Attachment.kind != AttachmentKind.LAB_REPORT,
    exists().where(LabResult.report_id == Attachment.id, LabResult.verified_at.is_not(None))
    & ~exists().where(
        LabResult.report_id == Attachment.id,
        LabResult.superseded_by.is_(None),
        LabResult.status == ResultStatus.RESULTED,
    ),
)
"""A value leaves the laboratory only after verification, and so does a report: after the last of its values."""


def must_care_for(session: Session, actor: Actor, attachment: Attachment) -> None:
    """Refuse callers who may not change the attachment."""
    _must_be_readable(session, actor, attachment)
    with _hidden():
        must_care(session, actor, attachment.patient_id, CARERS)


def open_file(session: Session, actor: Actor, attachment: Attachment) -> None:
    """Refuse callers who may not read the attachment, and record the reading by staff for the patient.

    Only the laboratory reads a report whose values are not verified.
    """
    is_report = attachment.kind == AttachmentKind.LAB_REPORT
    is_technician = is_report and actor.has(LAB_TECHNICIAN)
    if not is_technician:
        _must_be_readable(session, actor, attachment)
    if actor.id == attachment.patient_id:
        return
    part = ChartPart.LABS if is_report else ChartPart.ATTACHMENTS
    with _hidden():
        open_chart(session, actor, attachment.patient_id, part, CARERS | LAB_TECHNICIAN if is_report else CARERS)


def _must_be_readable(session: Session, actor: Actor, attachment: Attachment) -> None:
    if not session.scalar(select(READABLE).where(Attachment.id == attachment.id)):
        raise NO_SUCH_ATTACHMENT.not_yet() if actor.has(DOCTOR) else NO_SUCH_ATTACHMENT()


@contextmanager
def _hidden() -> Iterator[None]:
    """Refuse as for an unknown id. The refusal of a doctor waits for the event of a visit, like an unknown id."""
    try:
        yield
    except NotYet:
        raise NO_SUCH_ATTACHMENT.not_yet() from None
    except NotFound:
        raise NO_SUCH_ATTACHMENT() from None
