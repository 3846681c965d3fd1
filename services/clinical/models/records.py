"""The table of visit notes."""

from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.base import Base
from services.clinical.models.versions import SignedVersion

IS_CURRENT = text("superseded_by IS NULL")


class ClinicalRecord(SignedVersion, Base):
    """One version of a visit note: a diagnosis, a treatment, a procedure or a nursing note."""

    __tablename__ = "clinical_record"
    __table_args__ = (
        Index(
            "ix_clinical_record_patient_id_id",
            "patient_id",
            "id",
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
        Index(
            "ix_clinical_record_patient_id_kind_id",
            "patient_id",
            "kind",
            "id",
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
    )

    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(10_000))
    code: Mapped[str | None] = mapped_column(String(30))
    appointment_id: Mapped[UUID | None]
