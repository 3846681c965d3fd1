"""Conditions (FHIR Condition): chronic illnesses, problems, pregnancies."""

from enum import StrEnum


class ConditionStatus(StrEnum):
    """The states of a condition: the codes of FHIR's condition-clinical, and `entered_in_error`."""

    ACTIVE = "active"
    RECURRENCE = "recurrence"
    RELAPSE = "relapse"
    INACTIVE = "inactive"
    REMISSION = "remission"
    RESOLVED = "resolved"
    ENTERED_IN_ERROR = "entered_in_error"
