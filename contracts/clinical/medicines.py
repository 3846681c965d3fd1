"""Medicine data, and what a check of medicines against it finds."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import PageQuery, View, page_of
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.roles import Role
from contracts.texts import ONE_LINE, Reason
from records.fields import Facts


class FindingKind(StrEnum):
    """The kinds of checks of a medicine, and of their findings."""

    ALLERGY = "allergy"
    INTERACTION = "interaction"
    DUPLICATE = "duplicate"
    DOSE = "dose"


class Severity(StrEnum):
    """How severe a finding is. `contraindicated` and `serious` block; `caution` is shown."""

    CONTRAINDICATED = "contraindicated"
    SERIOUS = "serious"
    CAUTION = "caution"


BLOCKING = frozenset({Severity.CONTRAINDICATED, Severity.SERIOUS})
"""Severities that require an override."""


class DataState(StrEnum):
    """Whether the medicine data can be used."""

    USABLE = "usable"
    MISSING = "missing"
    CORRUPT = "corrupt"
    EDITED = "edited"


class AllergyStatement(StrEnum):
    """The statement of the chart about allergies. Unknown is neither of the other two."""

    RECORDED = "recorded"
    NO_KNOWN_ALLERGIES = "no_known_allergies"
    UNKNOWN = "unknown"


class Gap(StrEnum):
    """Why something was not checked."""

    NO_DATA = "no_data"
    ALLERGIES_UNKNOWN = "allergies_unknown"
    UNKNOWN_ALLERGEN = "unknown_allergen"
    COMBINATION = "combination"
    NO_LIMIT = "no_limit"
    NO_WEIGHT = "no_weight"
    NO_AGE = "no_age"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_FREQUENCY = "unknown_frequency"


TEXT = Facts(example="aspirin with warfarin: Higher risk of bleeding, also with a normal INR.")


class FindingView(View):
    """One finding. The same facts give the same id, so that an override can name it."""

    id: Annotated[str, Facts(example="500e66003e6f02f5f40b")]
    kind: FindingKind
    severity: Severity
    text: Annotated[str, TEXT]
    source: str
    override_reason: str | None = None


class GapView(View):
    """One thing that was not checked. `subject` is the medicine or the allergen; null means all."""

    check: FindingKind
    subject: str | None
    reason: Gap
    text: Annotated[str, Facts(example="Amoxicillin: not checked: no weight.")]


class MatchView(View):
    """The substances of a medicine, as the medicine data names them."""

    medicine: str
    substances: list[str]


class ChecksView(View):
    """The outcome of a check, and its data. An unmatched medicine is not safe, but unknown."""

    data_version: Annotated[str | None, "Null if the data cannot be used."]
    data_state: DataState
    reviewed_by: Annotated[str | None, "The person who reviewed the data; null if it is unreviewed."]
    notices: Annotated[list[str], "Warnings about the data."]
    allergies: AllergyStatement
    checked: list[FindingKind]
    findings: list[FindingView]
    unmatched: Annotated[list[str], "Medicines, also of active prescriptions, that the data does not know."]
    matched: list[MatchView]
    not_checked: list[GapView]
    unchecked_reason: Annotated[str | None, "Why the doctor went on without usable data."] = None


class OverrideView(View):
    """The doctor's answer to a finding."""

    finding: Annotated[str, validate.Length(1, 40), ONE_LINE, "The id of the finding."]
    reason: Reason


class OverrideKind(StrEnum):
    """The kinds of findings, and prescriptions that were written without usable data."""

    ALLERGY = "allergy"
    INTERACTION = "interaction"
    DUPLICATE = "duplicate"
    DOSE = "dose"
    UNCHECKED = "unchecked"


class CheckOccasion(StrEnum):
    """The occasions on which medicines are checked and the check is kept."""

    PRESCRIPTION = "prescription"
    DISPENSE = "dispense"


class MedicationOverrideView(View):
    """A finding that was overridden, with the text that was shown."""

    id: UUID
    patient_id: UUID
    occasion: CheckOccasion
    record_id: Annotated[UUID, "The prescription or the dispense."]
    finding: str
    kind: OverrideKind
    severity: Severity
    text: Annotated[str, TEXT]
    source: str
    reason: Annotated[str, Facts(example="Mechanical valve; cardiology agrees.")]
    data_version: str | None
    author_id: UUID
    author_name: str | None
    at: datetime


class ListMedicationOverrides(
    PageQuery,
    service="clinical",
    roles=frozenset({Role.ADMIN, Role.PHARMACIST}),
    returns=page_of(MedicationOverrideView),
    audited=True,
):
    """List findings that were overridden, newest first. Without a patient, of all patients."""

    patient_id: Annotated[UUID | None, "Only of this patient."] = None


MEDICATION_FINDINGS = Refusal(
    Conflict,
    "medication_findings",
    "The check of the medicines has findings that need an answer.",
    "The check of the medicines has findings: see `findings`. Repeat the request with `overrides`: a reason for each "
    "finding whose severity is `contraindicated` or `serious`.",
)
"""Its facts: `findings`, all findings of the check, and `checks`."""
MEDICATION_UNCHECKED = Refusal(
    Conflict,
    "medication_unchecked",
    "The medicines cannot be checked, because the medicine data is {state}.",
    "The medicine data is missing, corrupt or edited. Repeat the request with `unchecked_reason` to go on without a "
    "check.",
)
"""Its facts: `state` and `checks`."""
