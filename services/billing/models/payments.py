"""The table of payments, and the moves that a payment may make."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.billing.payments import PAYMENT_FINISHED
from services.billing.models.base import Base

UNFINISHED = ("created", "pending")
"""The states of a payment about which the provider has not decided."""


class Payment(Base):
    """A try to pay an invoice, all of it or a part, at a provider."""

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
    """What the provider knows the payment by. Nobody can guess it."""
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(50))
    """Why it failed: `declined` by the payer, or `more_than_open` when another payment was faster."""
    checkout_url: Mapped[str | None] = mapped_column(String(2000))
    return_url: Mapped[str | None] = mapped_column(String(2000))
    """Where the payer goes back to: of our own origin, or one that is allowed."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def is_finished(self) -> bool:
        """Whether the outcome stands."""
        return self.status not in UNFINISHED

    def begin(self, checkout_url: str) -> None:
        """The provider waits for the payer. A payment that has gone further stays where it is."""
        self.checkout_url = self.checkout_url or checkout_url
        if self.status == "created":
            self.status = "pending"

    def succeed(self, now: datetime) -> None:
        """The money is there."""
        self._finish("succeeded", now)

    def fail(self, reason: str, now: datetime) -> None:
        """No money has moved."""
        self._finish("failed", now)
        self.reason = reason

    def _finish(self, status: str, now: datetime) -> None:
        if self.is_finished:
            raise PAYMENT_FINISHED(state=self.status)
        self.status, self.finished_at = status, now
