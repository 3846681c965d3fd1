"""The table of conditions."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.base import Base
from services.clinical.models.versions import SignedVersion

IS_CURRENT = text("superseded_by IS NULL")


class Condition(SignedVersion, Base):
    """One version of a condition of a patient (FHIR Condition), such as a chronic illness or a pregnancy."""

    __tablename__ = "condition"
    __table_args__ = (
        CheckConstraint("resolved_on >= onset_on", name="resolved_after_onset"),
        Index(
            "ix_condition_patient_id_id",
            "patient_id",
            "id",
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
    )

    text: Mapped[str] = mapped_column(String(1000))
    code: Mapped[str | None] = mapped_column(String(10))
    """A code of ICD-10."""
    onset_on: Mapped[date | None]
    resolved_on: Mapped[date | None]
