"""Allergies and intolerances (FHIR AllergyIntolerance), and the statement that a patient has none."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, Query, page_of
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.clinical.care import CARERS, PHARMACIST
from contracts.clinical.patients import THE_PATIENT
from contracts.clinical.versions import ALREADY_IN_ERROR, ChangeReason, VersionView
from contracts.texts import TRIMMED, VISIBLE
from records.fields import OMITTED, Facts, Omitted

ALLERGIES_STAND = Refusal(
    Conflict,
    "allergies_stand",
    "The patient has recorded allergies.",
    "The statement of no known allergies contradicts the allergies in `allergy_ids`. Refute them first, or mark them "
    "as entered in error.",
)
STATEMENT_FIXED = Refusal(
    Conflict,
    "statement_fixed",
    "A statement of no known allergies is not amended.",
    "A statement of no known allergies has nothing to amend. Record an allergy, or mark the statement as entered in "
    "error.",
)
THE_ALLERGY = "The allergy, in all its versions."
CHANGES = ("substance", "reaction", "severity", "certainty", "timing")
"""The fields of an allergy that an amendment may change."""
SUBSTANCE = Facts(description="A substance, or a class of substances.", example="penicillin")
REACTION = Facts(description="The reaction, in words.", example="Hives within an hour.")
Substance = Annotated[str, validate.Length(1, 200), TRIMMED, SUBSTANCE]
Reaction = Annotated[str, validate.Length(1, 1000), VISIBLE, REACTION]


class AllergyStatus(StrEnum):
    """The states of an allergy. A later allergy supersedes the statement of no known allergies."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    ENTERED_IN_ERROR = "entered_in_error"


class AllergySeverity(StrEnum):
    """The severity of the reaction (FHIR AllergyIntolerance.reaction.severity)."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class AllergyCertainty(StrEnum):
    """The certainty of an allergy (FHIR AllergyIntolerance.verificationStatus)."""

    UNCONFIRMED = "unconfirmed"
    PRESUMED = "presumed"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


class ReactionTiming(StrEnum):
    """The time of the reaction: within hours of the dose, or days later."""

    IMMEDIATE = "immediate"
    DELAYED = "delayed"


class AllergyView(VersionView):
    """An allergy, or the statement of no known allergies, in one of its versions.

    Only the statement has no `substance` and no `certainty`. Other null fields are unknown.
    """

    status: AllergyStatus
    no_known_allergies: bool
    substance: Annotated[str | None, SUBSTANCE]
    reaction: Annotated[str | None, REACTION]
    severity: AllergySeverity | None
    certainty: AllergyCertainty | None
    timing: ReactionTiming | None


class AllergyWithVersionsView(AllergyView):
    """The current version of an allergy, and all versions, oldest first."""

    versions: list[AllergyView]


class AddAllergy(Command, service="clinical", roles=CARERS, returns=AllergyView, refuses=(ALLERGIES_STAND,)):
    """Record an allergy, or state that the patient has no known allergies.

    Without either, the allergies of the patient are unknown. An allergy supersedes the statement. The statement is
    refused while allergies stand; made again, it gets a new version.
    """

    patient_id: Annotated[UUID, THE_PATIENT]
    substance: Substance | None = None
    reaction: Reaction | None = None
    severity: AllergySeverity | None = None
    certainty: Annotated[AllergyCertainty | None, "Defaults to `unconfirmed`."] = None
    timing: ReactionTiming | None = None
    no_known_allergies: Annotated[bool, Facts(**{"x-alone": True})] = False

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Require a substance, or the statement alone."""
        if not self.no_known_allergies and self.substance is None:
            yield "substance", "Required without `no_known_allergies`."
        if self.no_known_allergies:
            for name in CHANGES:
                if getattr(self, name) is not None:
                    yield name, "Not allowed with `no_known_allergies`."


class AmendAllergy(
    Command,
    service="clinical",
    roles=CARERS,
    returns=AllergyView,
    revised=True,
    refuses=(ALREADY_IN_ERROR, STATEMENT_FIXED),
):
    """Amend an allergy by a new version, such as a refuted one. Omitted fields stay the same; null clears a field."""

    patient_id: Annotated[UUID, THE_PATIENT]
    allergy_id: Annotated[UUID, THE_ALLERGY]
    substance: Substance | Omitted = OMITTED
    reaction: Reaction | Omitted | None = OMITTED
    severity: AllergySeverity | Omitted | None = OMITTED
    certainty: AllergyCertainty | Omitted = OMITTED
    timing: ReactionTiming | Omitted | None = OMITTED
    reason: ChangeReason

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Require a change."""
        if not self.given().keys() & set(CHANGES):
            yield "reason", "Requires a change of another field."


class EnterAllergyInError(
    Command, service="clinical", roles=CARERS, returns=AllergyView, revised=True, refuses=(ALREADY_IN_ERROR,)
):
    """Mark an allergy, or a statement of no known allergies, as entered in error. It stays readable, struck out."""

    patient_id: Annotated[UUID, THE_PATIENT]
    allergy_id: Annotated[UUID, THE_ALLERGY]
    reason: ChangeReason


class ListAllergies(
    PageQuery, service="clinical", roles=CARERS | PHARMACIST, returns=page_of(AllergyView), audited=True
):
    """List the allergies of a patient in their current versions, newest first.

    The list includes statements of no known allergies, and what was refuted, superseded or entered in error.
    """

    patient_id: Annotated[UUID, THE_PATIENT]


class GetAllergy(Query, service="clinical", roles=CARERS | PHARMACIST, returns=AllergyWithVersionsView, audited=True):
    """Get an allergy with all its versions."""

    patient_id: Annotated[UUID, THE_PATIENT]
    allergy_id: Annotated[UUID, THE_ALLERGY]
