"""The table of mails to send, and the moves that a delivery may make."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.notify import rules
from services.notify.models.base import Base

LEASE = timedelta(minutes=5)
"""How long a mail belongs to the process that sends it. Longer than any batch takes (mail.BATCH_SECONDS)."""


SECRETS = frozenset({"token"})
"""Fields of a mail's content that are not kept once they are of no more use."""


class Delivery(Base):
    """One outgoing mail: `pending -> sending -> sent | pending (again later) | failed`.

    While it is `sending` it belongs to one process until `next_try_at`; then the process is taken for dead, and another
    one sends it, with the same Message-ID.
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
    """Without its angle brackets. A mail that is sent again has the same."""
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    """Null once there is nothing left to do."""
    last_error: Mapped[str | None] = mapped_column(String(100))
    """Class of the last failure, or `rules.REFUSED`; its text might hold an address."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    def claim(self, now: datetime) -> None:
        """Somebody begins to send it."""
        self.state, self.attempts, self.next_try_at = "sending", self.attempts + 1, now + LEASE

    def is_held(self, attempts: int) -> bool:
        """Whether whoever began this try still has the mail, and no other process has come in between."""
        return self.state == "sending" and self.attempts == attempts

    def end_try(self, now: datetime, error: str | None) -> None:
        """The mail is out; or, with the class of an error, it is tried again later.

        It has failed when a day of tries is over, or at once when it was refused for good (`rules.REFUSED`).
        """
        self.last_error = error
        delay = None if error in (None, rules.REFUSED) else rules.next_delay(self.attempts)
        if error is None:
            self._end("sent")
            self.sent_at = now
        elif delay is None:
            self._end("failed")
        else:
            self.state, self.next_try_at = "pending", now + delay

    def _end(self, state: str) -> None:
        """Nothing is left to do, and no secret left to keep."""
        self.state, self.next_try_at = state, None
        self.content = {name: "" if name in SECRETS else value for name, value in self.content.items()}
