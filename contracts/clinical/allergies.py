"""Allergies and intolerances (FHIR AllergyIntolerance), and the statement that a patient has none."""

from enum import StrEnum


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
