"""The table of outgoing mails, and the state changes of a delivery."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.notify import rules
from services.notify.models.base import Base

LEASE = timedelta(minutes=5)
"""The time for which a claimed mail belongs to its process: longer than any batch (`mail.BATCH_SECONDS`)."""
SECRETS = frozenset({"token"})
"""Fields of a mail's content that are blanked after the last attempt."""


class DeliveryState(StrEnum):
    """The states of a delivery."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Channel(StrEnum):
    """The ways in which a delivery leaves the hospital."""

    EMAIL = "email"


class MailTemplate(StrEnum):
    """The templates of mails, one file for each language."""

    VERIFY = "verify"
    RESET = "reset"
    INVITE = "invite"
    CREDENTIALS_CHANGED = "credentials_changed"
    PAY_LINK = "pay_link"


class Delivery(Base):
    """One outgoing mail: `pending -> sending -> sent | pending (again later) | failed`.

    A `sending` mail belongs to one process until `next_try_at`. After that the process counts as dead, and another
    process sends the mail with the same Message-ID.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "person_id", "template"),
        Index("ix_delivery_next_try_at", "next_try_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    event_id: Mapped[UUID]
    person_id: Mapped[UUID]
    channel: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(String(254))
    template: Mapped[str] = mapped_column(String(50))
    content: Mapped[dict[str, Any]]
    message_id: Mapped[str] = mapped_column(String(320))
    """The Message-ID without angle brackets, the same at each attempt."""
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    """Null after the last attempt."""
    last_error: Mapped[str | None] = mapped_column(String(100))
    """The class of the last error, or `rules.REFUSED`. The text of an error may hold an address."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    def claim(self, now: datetime) -> None:
        """Start an attempt to send."""
        self.state, self.attempts, self.next_try_at = DeliveryState.SENDING, self.attempts + 1, now + LEASE

    def is_held(self, attempts: int) -> bool:
        """Return whether the attempt of this number still holds the mail. Another process may have claimed it since."""
        return self.state == DeliveryState.SENDING and self.attempts == attempts

    def end_try(self, now: datetime, error: str | None) -> None:
        """End an attempt: sent without an error, else pending again for a later attempt.

        The mail has failed after a day of attempts, or at once after a permanent refusal (`rules.REFUSED`).
        """
        self.last_error = error
        delay = None if error in (None, rules.REFUSED) else rules.next_delay(self.attempts)
        if error is None:
            self._end(DeliveryState.SENT)
            self.sent_at = now
        elif delay is None:
            self._end(DeliveryState.FAILED)
        else:
            self.state, self.next_try_at = DeliveryState.PENDING, now + delay

    def _end(self, state: DeliveryState) -> None:
        """Set the final state, and blank the secrets."""
        self.state, self.next_try_at = state, None
        self.content = {name: "" if name in SECRETS else value for name, value in self.content.items()}
