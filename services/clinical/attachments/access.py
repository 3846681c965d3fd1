"""The access to attachments. An attachment that the caller may not see gets the refusal of an unknown id."""

from collections.abc import Iterator
from contextlib import contextmanager

from chassis.errors import NotFound, NotYet
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.attachments import NO_SUCH_ATTACHMENT, AttachmentKind
from contracts.clinical.care import CARERS, LAB_TECHNICIAN, ChartPart
from services.clinical.care.access import must_care, open_chart
from services.clinical.models.attachments import Attachment


def must_care_for(session: Session, actor: Actor, attachment: Attachment) -> None:
    """Refuse callers who may not change the attachment."""
    with _hidden():
        must_care(session, actor, attachment.patient_id, CARERS)


def open_file(session: Session, actor: Actor, attachment: Attachment) -> None:
    """Refuse callers who may not read the attachment, and record the reading by staff for the patient."""
    if actor.id == attachment.patient_id:
        return
    is_report = attachment.kind == AttachmentKind.LAB_REPORT
    part = ChartPart.LABS if is_report else ChartPart.ATTACHMENTS
    with _hidden():
        open_chart(session, actor, attachment.patient_id, part, CARERS | LAB_TECHNICIAN if is_report else CARERS)


@contextmanager
def _hidden() -> Iterator[None]:
    """Refuse as for an unknown id. The refusal of a doctor waits for the event of a visit, like an unknown id."""
    try:
        yield
    except NotYet:
        raise NO_SUCH_ATTACHMENT.not_yet() from None
    except NotFound:
        raise NO_SUCH_ATTACHMENT() from None
