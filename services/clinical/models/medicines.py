"""Tables of medication checks. Rows are never changed."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base

IS_OVERRIDDEN = text("override_reason IS NOT NULL")


class MedicationCheck(AppendOnly, Base):
    """One check of medicines, with the data that it used."""

    __tablename__ = "medication_check"
    __table_args__ = (
        Index("ix_medication_check_patient_id_at", "patient_id", "at"),
        Index("ix_medication_check_record_id", "record_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    occasion: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[UUID]
    """The prescription or the dispense."""
    data_state: Mapped[str] = mapped_column(String(10))
    data_version: Mapped[str | None] = mapped_column(String(50))
    reviewed_by: Mapped[str | None] = mapped_column(String(200))
    details: Mapped[Mapping[str, object]] = mapped_column(JSON)
    """The checks that were made, and those that were not, as shown to the caller."""
    author_id: Mapped[UUID]
    at: Mapped[datetime]


class MedicationFinding(AppendOnly, Base):
    """One finding of a check with the text that was shown, and the reason of its override."""

    __tablename__ = "medication_finding"
    __table_args__ = (
        Index("ix_medication_finding_check_id", "check_id"),
        Index("ix_medication_finding_overridden_id", "id", sqlite_where=IS_OVERRIDDEN, postgresql_where=IS_OVERRIDDEN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    check_id: Mapped[UUID] = mapped_column(ForeignKey("medication_check.id"))
    finding: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    override_reason: Mapped[str | None] = mapped_column(String(500))
