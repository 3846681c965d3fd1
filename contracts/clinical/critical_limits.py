"""Critical limits of one patient, such as a higher potassium limit for a patient on dialysis.

Source: Joint Commission, standards FAQ 000001557 (critical results may be defined for a patient).
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import Conflict, NotFound
from chassis.refusals import Refusal
from contracts.clinical.care import CARERS, DOCTOR
from contracts.clinical.lab_catalogue import (
    ABSURD_VALUE,
    CATALOGUE_UNAVAILABLE,
    NAME,
    UNIT,
    UNKNOWN_TEST,
    LabValue,
    TestCode,
)
from contracts.clinical.patients import THE_PATIENT
from contracts.texts import Reason
from records.fields import Facts

NO_SUCH_CRITICAL_LIMIT = Refusal(NotFound, "not_found", "There is no such critical limit.")
CRITICAL_LIMIT_EXISTS = Refusal(
    Conflict,
    "critical_limit_exists",
    "The patient has a critical limit for this test already. End it first.",
    "`limit_id` names the limit in force. A doctor reads and ends it before another limit counts.",
)
CRITICAL_LIMIT_OVER = Refusal(
    Conflict, "critical_limit_over", "This critical limit is over.", "The limit has ended or expired already."
)
WHY = Facts(example="On dialysis.")
LOW = Facts(description="A value below this limit is critical. Null: the limit of the reference range.", example=None)
HIGH = Facts(description="A value above this limit is critical. Null: the limit of the reference range.", example=6.5)


class CriticalLimitStatus(StrEnum):
    """The states of a critical limit."""

    ACTIVE = "active"
    ENDED = "ended"
    EXPIRED = "expired"


class CriticalLimitView(View):
    """The critical limits of one test for one patient. `revision` equals `version`."""

    id: UUID
    patient_id: UUID
    test: TestCode
    name: Annotated[str, NAME]
    unit: Annotated[str, UNIT]
    low: Annotated[LabValue, LOW] | None
    high: Annotated[LabValue, HIGH] | None
    reason: Annotated[str, WHY]
    until: Annotated[datetime, "The limit expires at this time."]
    status: CriticalLimitStatus
    author_id: UUID
    author_name: Annotated[str, Facts(example="Dr Lena Weiss")] | None
    recorded_at: datetime
    version: int
    revision: int


class SetCriticalLimit(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=CriticalLimitView,
    refuses=(CRITICAL_LIMIT_EXISTS, UNKNOWN_TEST, ABSURD_VALUE, CATALOGUE_UNAVAILABLE),
):
    """Set critical limits of one test for a patient in the doctor's care. They replace those of the reference range."""

    patient_id: Annotated[UUID, THE_PATIENT]
    test: TestCode
    low: Annotated[LabValue, LOW] | None = None
    high: Annotated[LabValue, HIGH] | None = None
    reason: Annotated[Reason, WHY]
    until: Annotated[datetime, "The limit expires at this time, at most a year from now."]

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that contradict each other."""
        if self.low is None and self.high is None:
            yield "high", "State at least one limit."
        if self.low is not None and self.high is not None and self.low >= self.high:
            yield "high", "Must be above `low`."


class EndCriticalLimit(
    Command,
    service="clinical",
    roles=DOCTOR,
    returns=CriticalLimitView,
    revised=True,
    refuses=(CRITICAL_LIMIT_OVER,),
):
    """End a critical limit of a patient in the doctor's care. The limits of the reference range count again."""

    patient_id: Annotated[UUID, THE_PATIENT]
    limit_id: Annotated[UUID, "The critical limit."]
    reason: Reason


class ListCriticalLimits(PageQuery, service="clinical", roles=CARERS, returns=page_of(CriticalLimitView), audited=True):
    """List all critical limits of a patient, newest first, with those that are over."""

    patient_id: Annotated[UUID, THE_PATIENT]
