"""States and kinds of the laboratory, with the FHIR R4 codes that they map to."""

from enum import StrEnum


class LabPriority(StrEnum):
    """The priorities of an order (FHIR request-priority)."""

    ROUTINE = "routine"
    URGENT = "urgent"
    STAT = "stat"


class LabStatus(StrEnum):
    """The states of an ordered test. The state of an order is that of its least advanced test.

    `rejected`: the specimen was unsuitable, and a new collection is needed (FHIR Specimen unsatisfactory).
    `cancelled` maps to ServiceRequest revoked.
    """

    ORDERED = "ordered"
    COLLECTED = "collected"
    RECEIVED = "received"
    RESULTED = "resulted"
    VERIFIED = "verified"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class ResultStatus(StrEnum):
    """The states of a result: FHIR DiagnosticReport preliminary, final, corrected and entered-in-error."""

    RESULTED = "resulted"
    VERIFIED = "verified"
    CORRECTED = "corrected"
    ENTERED_IN_ERROR = "entered_in_error"
