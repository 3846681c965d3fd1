"""The table of daily comparisons with the payment providers."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.billing.models.base import Base


class Reconciliation(Base):
    """The comparison of one day with one provider. A day is compared once."""

    __tablename__ = "reconciliation"
    __table_args__ = (UniqueConstraint("provider", "day"), Index("ix_reconciliation_at_id", "at", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    provider: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    """In UTC."""
    compared: Mapped[int]
    differences: Mapped[Sequence[dict[str, object]]] = mapped_column(JSON)
    """Each as a `DifferenceView`."""
    has_differences: Mapped[bool]
    at: Mapped[datetime]
