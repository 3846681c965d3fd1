"""The table of critical limits."""

from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlalchemy import Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.clinical.critical_limits import CRITICAL_LIMIT_OVER, CriticalLimitStatus
from services.clinical.models.base import Base
from services.clinical.models.decimals import Exact
from services.clinical.models.versions import SignedVersion

IS_ACTIVE = text(f"superseded_by IS NULL AND status = '{CriticalLimitStatus.ACTIVE}'")


class CriticalLimit(SignedVersion, Base):
    """One version of the critical limits of a test for a patient. A second version ends the first.

    The status is `active` or `ended`. A limit expires without a new version.
    """

    __tablename__ = "critical_limit"
    __table_args__ = (
        Index(
            "ix_critical_limit_patient_id_test",
            "patient_id",
            "test",
            sqlite_where=IS_ACTIVE,
            postgresql_where=IS_ACTIVE,
        ),
        Index("ix_critical_limit_patient_id_id", "patient_id", "id"),
    )

    test: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(30))
    low: Mapped[Decimal | None] = mapped_column(Exact)
    high: Mapped[Decimal | None] = mapped_column(Exact)
    reason: Mapped[str] = mapped_column(String(500))
    """Why the limits were set, or why they ended."""
    until: Mapped[datetime]

    def status_at(self, now: datetime) -> CriticalLimitStatus:
        """Return the state at this time."""
        is_over = self.status == CriticalLimitStatus.ACTIVE and self.until <= now
        return CriticalLimitStatus.EXPIRED if is_over else CriticalLimitStatus(self.status)

    def must_be_active(self, now: datetime) -> None:
        """Refuse a limit that has ended or expired."""
        if self.status_at(now) is not CriticalLimitStatus.ACTIVE:
            raise CRITICAL_LIMIT_OVER()


LIMIT = cast("Table", CriticalLimit.__table__)
