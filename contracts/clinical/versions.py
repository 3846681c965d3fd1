"""Versions of records in a chart: each change is a new version with its author, time and reason."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from chassis.contract import View
from chassis.errors import Conflict
from chassis.refusals import Refusal
from contracts.texts import Reason
from records.fields import Facts

ALREADY_IN_ERROR = Refusal(
    Conflict,
    "already_in_error",
    "This record was entered in error. Add a new record.",
    "A record that was entered in error stays as it is, and is shown struck out. Add a new record instead.",
)
NAME = Facts(description="Null until the name has arrived.", example="Mia Berg")
WHY = Facts(description="The reason of the change; null in the first version.", example="It was another patient.")
ChangeReason = Annotated[Reason, Facts(example="It was another patient.")]
"""The reason of a change."""


class VersionView(View):
    """One version of a record in a chart. `id` is the same in all versions.

    `version` counts from 1. `revision` is the same number, for `If-Match`.
    """

    id: UUID
    patient_id: UUID
    version: int
    revision: int
    author_id: UUID
    author_name: Annotated[str | None, NAME]
    recorded_at: datetime
    reason: Annotated[str | None, WHY]
