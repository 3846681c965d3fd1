"""The table of refunds, and the state changes of a refund."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.billing.refunds import REFUND_DECIDED, RefundStatus
from services.billing.models.base import Base, _where
from services.billing.models.cash_drawer import CashClosing


class Refund(Base):
    """Money that goes back to a payer, through the provider that took it. One person asks, another decides."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="two_persons"),
        Index("ix_refund_status_requested_at_id", "status", "requested_at", "id"),
        Index("ix_refund_requested_at_id", "requested_at", "id"),
        Index("ix_refund_in_drawer", "paid_out_by", **_where("paid_out_by IS NOT NULL AND cash_closing_id IS NULL")),
        Index("ix_refund_next_look_at", "next_look_at", **_where("next_look_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    patient_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    still_owed: Mapped[bool] = mapped_column(default=False)
    """Whether the patient owes the amount again."""
    reason: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(20))
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(String(500))
    provider_refund_id: Mapped[str | None] = mapped_column(String(200))
    next_look_at: Mapped[datetime | None]
    """The time of the next look-up at the provider; null when the refund does not wait for a provider."""
    finished_at: Mapped[datetime | None]
    paid_out_by: Mapped[UUID | None]
    """The person from whose cash drawer the money was taken; null for other refunds."""
    cash_closing_id: Mapped[UUID | None] = mapped_column(ForeignKey(CashClosing.id))
    """The closing in which the cash was missing."""

    def decide(self, status: RefundStatus, person: UUID, reason: str | None, now: datetime) -> None:
        """Record the decision of an admin."""
        if self.status != RefundStatus.REQUESTED:
            raise REFUND_DECIDED(status=self.status)
        self.status, self.decided_by, self.decided_at, self.decision_reason = status, person, now, reason

    def finish(self, status: RefundStatus, now: datetime) -> None:
        """Record the outcome of an approved refund."""
        if self.status != RefundStatus.APPROVED:
            raise REFUND_DECIDED(status=self.status)
        self.status, self.finished_at, self.next_look_at = status, now, None
