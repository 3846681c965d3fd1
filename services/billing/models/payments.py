"""The table of payments, and the state changes of a payment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.billing.payments import PAYMENT_FINISHED, FailureReason, PaymentStatus
from services.billing.models.base import Base

UNFINISHED = frozenset({PaymentStatus.CREATED, PaymentStatus.PENDING})
"""The states in which the provider has not decided yet."""


class Payment(Base):
    """An attempt to pay an invoice, fully or in part, at a provider."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        Index("ix_payment_patient_id_created_at_id", "patient_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    patient_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(100), unique=True)
    """The unguessable name of the payment at the provider."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(50))
    """The reason for a failure, as in `FailureReason`."""
    checkout_url: Mapped[str | None] = mapped_column(String(2000))
    return_url: Mapped[str | None] = mapped_column(String(2000))
    """The page to which the payer returns. Its origin is the hospital's or allowed by the settings."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def is_finished(self) -> bool:
        """Return whether the outcome is final."""
        return self.status not in UNFINISHED

    def begin(self, checkout_url: str) -> None:
        """Record that the provider waits for the payer. A later state stays the same."""
        self.checkout_url = self.checkout_url or checkout_url
        if self.status == PaymentStatus.CREATED:
            self.status = PaymentStatus.PENDING

    def succeed(self, now: datetime) -> None:
        """Record that the provider has the money."""
        self._finish(PaymentStatus.SUCCEEDED, now)

    def fail(self, reason: FailureReason, now: datetime) -> None:
        """Record that no money has moved."""
        self._finish(PaymentStatus.FAILED, now)
        self.reason = reason

    def _finish(self, status: PaymentStatus, now: datetime) -> None:
        if self.is_finished:
            raise PAYMENT_FINISHED(state=self.status)
        self.status, self.finished_at = status, now
