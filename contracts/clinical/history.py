"""The history of a patient: a timeline of everything that was recorded."""

from enum import StrEnum


class HistoryKind(StrEnum):
    """The kinds of entries of a patient's history."""

    DIAGNOSIS = "diagnosis"
    TREATMENT = "treatment"
    PROCEDURE = "procedure"
    NURSING_NOTE = "nursing_note"
    ALLERGY = "allergy"
    CONDITION = "condition"
    VITALS = "vitals"
    OXYGEN_TARGET = "oxygen_target"
    PRESCRIPTION = "prescription"
    DISPENSE = "dispense"
    LAB_ORDER = "lab_order"
    LAB_RESULT = "lab_result"
    CRITICAL_LIMIT = "critical_limit"
    ATTACHMENT = "attachment"
