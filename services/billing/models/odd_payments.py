"""The table of money that does not fit a payment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.billing.models.base import Base, _where


class OddPayment(Base):
    """Money, or a message about money, that changes no invoice until an admin settles it."""

    __tablename__ = "odd_payment"
    __table_args__ = (
        UniqueConstraint("provider", "kind", "provider_key"),
        Index("ix_odd_payment_at_id", "at", "id"),
        Index("ix_odd_payment_unsettled_at_id", "at", "id", **_where("settled_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    provider: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(30))
    """An `OddKind`."""
    provider_key: Mapped[str] = mapped_column(String(200))
    """The name at the provider, so that a repeated message is listed once."""
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"), index=True)
    reference: Mapped[str | None] = mapped_column(String(200))
    provider_payment_id: Mapped[str | None] = mapped_column(String(200))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    at: Mapped[datetime]
    settlement: Mapped[str | None] = mapped_column(String(20))
    """A `Settlement`; null while it is unsettled."""
    settled_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    provider_refund_id: Mapped[str | None] = mapped_column(String(200))
