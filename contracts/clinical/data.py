"""Reference data of the clinical service, such as reference ranges, and whether it may be relied on."""

from enum import StrEnum
from typing import Annotated

from chassis.contract import View
from records.fields import Facts


class DataStatus(StrEnum):
    """The condition of a folder of reference data, best first."""

    REVIEWED = "reviewed"
    UNREVIEWED = "unreviewed"
    EDITED = "edited"
    UNREADABLE = "unreadable"
    MISSING = "missing"

    @property
    def is_usable(self) -> bool:
        """Whether the service works with the data. Edited data is not used."""
        return self in (DataStatus.REVIEWED, DataStatus.UNREVIEWED)


class DataView(View):
    """The version of the reference data that a reply is based on, and its condition."""

    version: Annotated[str, Facts(description="Null if the manifest cannot be read.", example="2026.11")] | None
    status: Annotated[
        DataStatus,
        "`unreviewed`: no expert of this hospital has signed the data. `edited`, `unreadable` or `missing`: the data "
        "is not used, so values have no range.",
    ]
