"""Attachments: files in a patient's chart. The gateway checks and stores the file, clinical its facts.

Files never pass through the broker. The gateway adds the facts of a stored file to the command.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.refusals import Refusal
from contracts.clinical.care import CARERS, LAB_TECHNICIAN
from contracts.clinical.patients import THE_PATIENT
from contracts.clinical.versions import ChangeReason, VersionView
from contracts.roles import Role
from contracts.texts import ONE_LINE
from records.fields import Facts

MAX_FILE = 20 * 1024 * 1024
"""Bytes of the largest file."""
LONGEST_NAME = 150
NO_SUCH_ATTACHMENT = Refusal(NotFound, "not_found", "There is no such attachment.")
ALREADY_ARCHIVED = Refusal(
    Conflict,
    "already_archived",
    "This attachment is archived.",
    "An archived attachment stays archived, and can still be downloaded.",
)
TITLE = Facts(example="Discharge letter of the county hospital")
FILE_NAME = Facts(description="The name of the file, for display and download.", example="letter.pdf")
SIZE = Facts(description="Bytes.", example=184_320)
SHA256 = Facts(
    description="The SHA-256 digest of the file in hexadecimal digits; also the `ETag` of the download.",
    example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)
THE_ATTACHMENT = "The attachment, in all its versions."
Title = Annotated[str, validate.Length(1, 200), ONE_LINE, TITLE]


class MediaType(StrEnum):
    """The types of files that a chart takes."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    DICOM = "application/dicom"


class AttachmentKind(StrEnum):
    """The kinds of attachments."""

    DOCUMENT = "document"
    LAB_REPORT = "lab_report"


class AttachmentStatus(StrEnum):
    """The states of an attachment (FHIR DocumentReference: current, superseded)."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class StoredFileView(View):
    """A checked and stored file, as the gateway describes it. `id` names the object in the store."""

    id: UUID
    name: Annotated[str, validate.Length(1, LONGEST_NAME), ONE_LINE, FILE_NAME]
    media_type: MediaType
    size: Annotated[int, validate.Range(1, MAX_FILE), SIZE]
    sha256: Annotated[str, validate.Regexp(r"^[0-9a-f]{64}\Z"), SHA256]


class AttachmentView(VersionView):
    """A file in a patient's chart. An archived file is shown struck out, and can still be downloaded."""

    kind: AttachmentKind
    status: AttachmentStatus
    title: Annotated[str, TITLE]
    name: Annotated[str, FILE_NAME]
    media_type: MediaType
    size: Annotated[int, SIZE]
    sha256: Annotated[str, SHA256]
    uploaded_by: UUID
    uploaded_at: datetime


def without_object(payload: Mapping[str, object], field: str) -> Mapping[str, object]:
    """Return a payload without the id of its stored file: each upload stores a new object, also a repeated upload."""
    file = payload.get(field)
    if not isinstance(file, Mapping):
        return payload
    return {**payload, field: {name: value for name, value in file.items() if name != "id"}}


class AddAttachment(Command, service="clinical", roles=CARERS, returns=AttachmentView):
    """Add a file to a patient's chart: a PDF, PNG, JPEG or DICOM file of at most 20 MiB.

    The content must have the declared type. Send the access token with enough time left for the upload.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
    title: Title
    file: StoredFileView

    @classmethod
    def repeated(cls, payload: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields that a repeated request must repeat."""
        return without_object(payload, "file")


class ArchiveAttachment(
    Command,
    service="clinical",
    roles=CARERS,
    returns=AttachmentView,
    revised=True,
    refuses=(ALREADY_ARCHIVED,),
):
    """Archive a file that no longer counts, with the reason. It stays readable."""

    attachment_id: Annotated[UUID, THE_ATTACHMENT]
    reason: ChangeReason


class ListAttachments(PageQuery, service="clinical", roles=CARERS, returns=page_of(AttachmentView), audited=True):
    """List the files in a patient's chart, newest first, with archived files."""

    patient_id: Annotated[UUID, THE_PATIENT]
    status: Annotated[AttachmentStatus, "Only files in this state."] | None = None


class ListMyAttachments(
    PageQuery, service="clinical", roles=frozenset({Role.PATIENT}), returns=page_of(AttachmentView)
):
    """List the files in the caller's own chart, newest first, with archived files."""

    patient_id: Annotated[UUID, THE_PATIENT]


class OpenAttachment(
    Query,
    service="clinical",
    roles=CARERS | LAB_TECHNICIAN | {Role.PATIENT},
    returns=StoredFileView,
    audited=True,
):
    """Download a file. Patients read their own files, laboratory technicians only reports of the laboratory."""

    attachment_id: Annotated[UUID, THE_ATTACHMENT]
