"""Care: why a member of staff may open a chart, and which part of it."""

from enum import StrEnum

from contracts.roles import Role


class AccessBasis(StrEnum):
    """Why a member of staff may open a chart."""

    APPOINTMENT = "appointment"
    ASSIGNMENT = "assignment"
    BREAK_GLASS = "break_glass"
    ORDERED = "ordered"
    NURSING = "nursing"
    PHARMACY = "pharmacy"
    LABORATORY = "laboratory"
    REFILL_REQUEST = "refill_request"


class ChartPart(StrEnum):
    """A part of a chart."""

    SUMMARY = "summary"
    RECORDS = "records"
    ALLERGIES = "allergies"
    CONDITIONS = "conditions"
    VITALS = "vitals"
    PRESCRIPTIONS = "prescriptions"
    LABS = "labs"
    ATTACHMENTS = "attachments"


DOCTOR = frozenset({Role.DOCTOR})
NURSE = frozenset({Role.NURSE})
PHARMACIST = frozenset({Role.PHARMACIST})
LAB_TECHNICIAN = frozenset({Role.LAB_TECHNICIAN})
CARERS = DOCTOR | NURSE
"""The roles that read and write charts."""
