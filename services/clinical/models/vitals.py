"""The table of vital signs."""

from datetime import datetime
from typing import cast

from sqlalchemy import JSON, CheckConstraint, Index, Numeric, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.base import Base
from services.clinical.models.versions import SignedVersion

IS_CURRENT = text("superseded_by IS NULL")
COUNTS = text("superseded_by IS NULL AND status = 'final' AND next_due_at IS NOT NULL")
"""The condition of readings with a level, which count for the schedule of observations."""


def _measure() -> Mapped[float | None]:
    """Return a column for a value as it was entered. Without a precision, the database rounds nothing."""
    return mapped_column(Numeric(asdecimal=False))


class Vitals(SignedVersion, Base):
    """One version of a reading of vital signs, with the NEWS2 that its author saw.

    Units: mmHg, beats and breaths a minute, °C, %, kg, cm. The only later version says that the reading was entered in
    error.
    """

    __tablename__ = "vitals"
    __table_args__ = (
        CheckConstraint("systolic > diastolic", name="systolic_above_diastolic"),
        Index(
            "ix_vitals_patient_id_measured_at_id",
            "patient_id",
            "measured_at",
            "id",
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
        Index("ix_vitals_next_due_at_id", "next_due_at", "id", sqlite_where=COUNTS, postgresql_where=COUNTS),
    )

    measured_at: Mapped[datetime]
    systolic: Mapped[float | None] = _measure()
    diastolic: Mapped[float | None] = _measure()
    pulse: Mapped[float | None] = _measure()
    respiration: Mapped[float | None] = _measure()
    temperature: Mapped[float | None] = _measure()
    spo2: Mapped[float | None] = _measure()
    on_oxygen: Mapped[bool | None]
    consciousness: Mapped[str | None] = mapped_column(String(1))
    weight_kg: Mapped[float | None] = _measure()
    height_cm: Mapped[float | None] = _measure()
    pain: Mapped[int | None]
    abnormal: Mapped[list[str]] = mapped_column(JSON)
    news2_status: Mapped[str] = mapped_column(String(20))
    score: Mapped[int | None]
    level: Mapped[str | None] = mapped_column(String(20))
    missing: Mapped[list[str]] = mapped_column(JSON)
    scale: Mapped[int | None]
    next_due_at: Mapped[datetime | None]


VITALS = cast("Table", Vitals.__table__)
