"""The table of the patients' histories."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base


class HistoryEntry(AppendOnly, Base):
    """One version of a record in the history of a patient, with the text that the patient reads."""

    __tablename__ = "history_entry"
    __table_args__ = (
        Index("ix_history_entry_patient_id_at_id", "patient_id", "at", "id"),
        Index("ix_history_entry_patient_id_kind_at_id", "patient_id", "kind", "at", "id"),
        Index("ix_history_entry_record_id_version", "record_id", "version"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[UUID]
    """The record of this kind, in all its versions."""
    version: Mapped[int]
    at: Mapped[datetime]
    title: Mapped[str] = mapped_column(String(300))
    details: Mapped[Mapping[str, object]] = mapped_column(JSON)
    author_id: Mapped[UUID | None]
    """The person who recorded this version; null for timers."""
