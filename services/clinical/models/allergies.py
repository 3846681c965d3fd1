"""The table of allergies, and of statements that a patient has none."""

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.base import Base
from services.clinical.models.versions import SignedVersion

IS_CURRENT = text("superseded_by IS NULL")
IS_STATEMENT = text("no_known_allergies AND status = 'active' AND superseded_by IS NULL")


class Allergy(SignedVersion, Base):
    """One version of an allergy or intolerance (FHIR AllergyIntolerance), or of "no known allergies"."""

    __tablename__ = "allergy"
    __table_args__ = (
        CheckConstraint("no_known_allergies = (substance IS NULL)", name="substance_or_none_known"),
        Index(
            "ix_allergy_patient_id_id",
            "patient_id",
            "id",
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
        Index(
            "uq_allergy_patient_id",
            "patient_id",
            unique=True,
            sqlite_where=IS_STATEMENT,
            postgresql_where=IS_STATEMENT,
        ),
    )

    no_known_allergies: Mapped[bool]
    """Whether this is the statement that the patient has no known allergies. It has no substance."""
    substance: Mapped[str | None] = mapped_column(String(200))
    """A substance, or a class of substances."""
    reaction: Mapped[str | None] = mapped_column(String(1000))
    severity: Mapped[str | None] = mapped_column(String(10))
    certainty: Mapped[str | None] = mapped_column(String(20))
    timing: Mapped[str | None] = mapped_column(String(10))
