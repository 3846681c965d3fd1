"""The tables of payments and of providers' events, and the state changes of a payment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.billing.payments import PAYMENT_FINISHED, DeskMethod, FailureReason, PaymentStatus
from contracts.billing.refunds import MORE_THAN_REFUNDABLE, NOT_REFUNDABLE
from services.billing.models.base import Base, _where
from services.billing.models.cash_drawer import CashClosing

UNFINISHED = frozenset({PaymentStatus.CREATED, PaymentStatus.PENDING})
"""The states in which the provider has not decided yet."""
MAY_STILL_SUCCEED = frozenset({*UNFINISHED, PaymentStatus.FAILED, PaymentStatus.EXPIRED})
"""The states after which money may come: a payer may try again after a failure."""
IN_DRAWER = f"provider = '{DeskMethod.CASH}' AND cash_closing_id IS NULL"


class Payment(Base):
    """An attempt to pay an invoice, fully or in part, at a provider or at the desk."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("refunding_minor BETWEEN 0 AND amount_minor", name="not_over_refunded"),
        Index("ix_payment_patient_id_created_at_id", "patient_id", "created_at", "id"),
        Index("ix_payment_next_look_at", "next_look_at", **_where("next_look_at IS NOT NULL")),
        Index("ix_payment_provider_finished_at", "provider", "finished_at"),
        Index("ix_payment_in_drawer", "taken_by", **_where(IN_DRAWER)),
        Index(
            "uq_payment_provider_payment",
            "provider",
            "provider_payment_id",
            unique=True,
            **_where("provider_payment_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    patient_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(String(20))
    """A `Provider`, or a `DeskMethod`."""
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
    provider_id: Mapped[str | None] = mapped_column(String(200))
    """The provider's name of the checkout."""
    provider_payment_id: Mapped[str | None] = mapped_column(String(200))
    """The provider's id of the money movement, once the money has come."""
    refunding_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The sum of the refunds that were requested, approved or completed. The database refuses more than was paid."""
    taken_by: Mapped[UUID | None]
    """The receptionist who took the money at the desk."""
    cash_closing_id: Mapped[UUID | None] = mapped_column(ForeignKey(CashClosing.id))
    """The closing in which this cash was counted; null while it is in the drawer, and for other payments."""
    next_look_at: Mapped[datetime | None]
    """The time of the next look-up at the provider; null when the payment is finished."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def is_finished(self) -> bool:
        """Return whether the outcome is final for the payer. Money may still come after a failure."""
        return self.status not in UNFINISHED

    def begin(self, checkout_url: str, provider_id: str | None = None) -> None:
        """Record that the provider waits for the payer. A later state stays the same."""
        self.checkout_url = self.checkout_url or checkout_url
        self.provider_id = self.provider_id or provider_id
        if self.status == PaymentStatus.CREATED:
            self.status = PaymentStatus.PENDING

    def succeed(self, now: datetime, provider_payment_id: str | None = None) -> None:
        """Record that the provider has the money, also after a failed try."""
        if self.status not in MAY_STILL_SUCCEED:
            raise PAYMENT_FINISHED(state=self.status)
        self.reason, self.provider_payment_id = None, provider_payment_id
        self._end(PaymentStatus.SUCCEEDED, now)

    def set_aside(self, now: datetime, provider_payment_id: str | None) -> None:
        """Record that money came which does not pay the invoice: an admin settles it."""
        if self.status not in MAY_STILL_SUCCEED:
            raise PAYMENT_FINISHED(state=self.status)
        self.provider_payment_id = provider_payment_id
        self._end(PaymentStatus.UNAPPLIED, now)

    def fail(self, reason: FailureReason, now: datetime) -> None:
        """Record that no money has moved."""
        self._finish(PaymentStatus.FAILED, now)
        self.reason = reason

    def expire(self, now: datetime) -> None:
        """Record that the payer has not paid in time."""
        self._finish(PaymentStatus.EXPIRED, now)

    @property
    def refundable_minor(self) -> int:
        """Return the amount that no refund has reserved."""
        return self.amount_minor - self.refunding_minor

    def reserve_refund(self, wanted: int | None) -> int:
        """Reserve the amount of a refund: the wanted part, or the rest. Returns the amount."""
        if self.status != PaymentStatus.SUCCEEDED:
            raise NOT_REFUNDABLE(state=self.status)
        amount = self.refundable_minor if wanted is None else wanted
        if not 0 < amount <= self.refundable_minor:
            raise MORE_THAN_REFUNDABLE(refundable_minor=self.refundable_minor)
        self.refunding_minor += amount
        return amount

    def release_refund(self, amount_minor: int) -> None:
        """Release the reserved amount of a rejected or failed refund."""
        self.refunding_minor -= amount_minor

    def _finish(self, status: PaymentStatus, now: datetime) -> None:
        if self.is_finished:
            raise PAYMENT_FINISHED(state=self.status)
        self._end(status, now)

    def _end(self, status: PaymentStatus, now: datetime) -> None:
        self.status, self.finished_at, self.next_look_at = status, now, None


class ProviderEvent(Base):
    """A webhook that had its effect, so that a repeated webhook has none."""

    __tablename__ = "provider_event"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(100))
    payment_id: Mapped[UUID | None]
    at: Mapped[datetime]
