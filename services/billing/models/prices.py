"""The table of prices."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.billing.models.base import Base


class Price(Base):
    """The price of a code from a day on, in minor units. It never changes, because invoices were issued by it."""

    __tablename__ = "price"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("amount_minor >= 0", name="not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    tax_basis_points: Mapped[int] = mapped_column(default=0, server_default="0")
    """The tax rate in hundredths of a percent. The amount is before tax."""
    valid_from: Mapped[date]
    created_at: Mapped[datetime]
