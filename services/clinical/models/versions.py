"""Signed versions: rows of a chart with the author, the time and the reason of each version."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.append_only import Version


class SignedVersion(Version):
    """One version of a record in a patient's chart, with its author."""

    patient_id: Mapped[UUID]
    author_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(500))
    """The reason of the change; null in the first version."""
    status: Mapped[str] = mapped_column(String(20))
