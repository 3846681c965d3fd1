"""The table of closed cash drawers."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.billing.models.base import Base


class CashClosing(Base):
    """A person's closing of a day. Its payments and refunds name it, so that each counts in one closing."""

    __tablename__ = "cash_closing"
    __table_args__ = (
        UniqueConstraint("person_id", "day"),
        Index("ix_cash_closing_closed_at_id", "closed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID]
    day: Mapped[date]
    """The day of the closing in the hospital's time zone."""
    currency: Mapped[str] = mapped_column(String(3))
    payments: Mapped[int]
    expected_minor: Mapped[int] = mapped_column(BigInteger)
    counted_minor: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime]

    @property
    def difference_minor(self) -> int:
        """Return the counted amount less the expected amount."""
        return self.counted_minor - self.expected_minor
