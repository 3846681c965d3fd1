"""Records: the visit notes of a chart, which are diagnoses, treatments, procedures and nursing notes."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, Query, Role, page_of
from chassis.errors import Forbidden, NotFound
from chassis.event import Event
from chassis.refusals import Refusal
from contracts.clinical.care import CARERS, DOCTOR
from contracts.clinical.patients import THE_PATIENT
from contracts.clinical.versions import ALREADY_IN_ERROR, ChangeReason, VersionView
from contracts.texts import ONE_LINE, VISIBLE
from records.fields import OMITTED, Facts, Omitted

DOCTOR_REQUIRED = Refusal(
    Forbidden,
    "doctor_required",
    "Only a doctor writes diagnoses and treatments.",
    "Nurses write nursing notes and procedures. Doctors write records of all kinds.",
)
NO_SUCH_VISIT = Refusal(NotFound, "not_found", "The patient has no such appointment.")
THE_RECORD = "The record, in all its versions."
TEXT = Facts(example="Community-acquired pneumonia, right lower lobe.")
CODE = Facts(description="A code of the hospital's catalogue, such as ICD-10 for a diagnosis.", example="J18.1")
Note = Annotated[str, validate.Length(1, 10_000), VISIBLE, TEXT]
Code = Annotated[str, validate.Length(1, 30), ONE_LINE, CODE]


class RecordKind(StrEnum):
    """The kinds of records."""

    DIAGNOSIS = "diagnosis"
    TREATMENT = "treatment"
    PROCEDURE = "procedure"
    NURSING_NOTE = "nursing_note"


WRITERS: Mapping[RecordKind, frozenset[Role]] = {
    RecordKind.DIAGNOSIS: DOCTOR,
    RecordKind.TREATMENT: DOCTOR,
    RecordKind.PROCEDURE: CARERS,
    RecordKind.NURSING_NOTE: CARERS,
}
"""The roles that write and change records of each kind."""


class RecordStatus(StrEnum):
    """The states of a record (FHIR Composition.status)."""

    FINAL = "final"
    AMENDED = "amended"
    ENTERED_IN_ERROR = "entered_in_error"


class RecordView(VersionView):
    """A visit note in one of its versions. A record that was entered in error is shown struck out."""

    kind: RecordKind
    status: RecordStatus
    text: Annotated[str, TEXT]
    code: Annotated[str | None, CODE]
    appointment_id: UUID | None


class RecordWithVersionsView(RecordView):
    """The current version of a visit note, and all versions, oldest first."""

    versions: list[RecordView]


class AddRecord(Command, service="clinical", roles=CARERS, returns=RecordView, refuses=(DOCTOR_REQUIRED,)):
    """Add a visit note to a patient's chart. Nurses write nursing notes and procedures, doctors all kinds."""

    patient_id: Annotated[UUID, THE_PATIENT]
    kind: RecordKind
    text: Note
    code: Code | None = None
    appointment_id: Annotated[UUID | None, "An appointment of the patient."] = None


class AmendRecord(
    Command,
    service="clinical",
    roles=CARERS,
    returns=RecordView,
    revised=True,
    refuses=(DOCTOR_REQUIRED, ALREADY_IN_ERROR),
):
    """Replace the text of a visit note by a new version. All versions stay readable."""

    patient_id: Annotated[UUID, THE_PATIENT]
    record_id: Annotated[UUID, THE_RECORD]
    text: Note
    code: Code | Omitted | None = OMITTED
    reason: ChangeReason


class EnterRecordInError(
    Command,
    service="clinical",
    roles=CARERS,
    returns=RecordView,
    revised=True,
    refuses=(DOCTOR_REQUIRED, ALREADY_IN_ERROR),
):
    """Mark a visit note as entered in error. It stays readable, struck out."""

    patient_id: Annotated[UUID, THE_PATIENT]
    record_id: Annotated[UUID, THE_RECORD]
    reason: ChangeReason


class ListRecords(PageQuery, service="clinical", roles=CARERS, returns=page_of(RecordView), audited=True):
    """List the visit notes of a patient in their current versions, newest first, with those entered in error."""

    patient_id: Annotated[UUID, THE_PATIENT]
    kind: Annotated[RecordKind, "Only records of this kind."] | None = None


class GetRecord(Query, service="clinical", roles=CARERS, returns=RecordWithVersionsView, audited=True):
    """Get a visit note with all its versions."""

    patient_id: Annotated[UUID, THE_PATIENT]
    record_id: Annotated[UUID, THE_RECORD]


class RecordAdded(Event, service="clinical", subject="record_id", heard_by=("notify.on_record_added",)):
    """A visit note has its first or a further version. The event contains no text."""

    record_id: UUID
    patient_id: UUID
    author_id: UUID
    appointment_id: UUID | None
    kind: RecordKind
    status: RecordStatus
    revision: int
    example = {
        "record_id": "01919c5e-0000-7000-8000-0000000000e1",
        "patient_id": "01919c5e-0000-7000-8000-000000000001",
        "author_id": "01919c5e-0000-7000-8000-000000000002",
        "appointment_id": None,
        "kind": "diagnosis",
        "status": "final",
        "revision": 1,
    }
