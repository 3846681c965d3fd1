"""The table of oxygen targets."""

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from services.clinical.models.base import Base
from services.clinical.models.versions import SignedVersion

IS_CURRENT = text("superseded_by IS NULL")


class OxygenTarget(SignedVersion, Base):
    """One version of the decision by which SpO2 scale of NEWS2 a patient is scored. A patient has one target."""

    __tablename__ = "oxygen_target"
    __table_args__ = (
        CheckConstraint("scale IN (1, 2)", name="scale_is_known"),
        Index(
            "uq_oxygen_target_patient_id",
            "patient_id",
            unique=True,
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
        Index("ix_oxygen_target_patient_id_version", "patient_id", "version"),
    )

    scale: Mapped[int]
