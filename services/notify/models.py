"""The tables of notify, and the moves that a notification and a delivery may make."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ColumnElement, Index, String, UniqueConstraint, case
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from chassis.persistence.tables import Moment, new_metadata
from contracts.notify.notifications import SUBJECT_OF
from services.notify import rules

LEASE = timedelta(minutes=5)
"""How long a mail belongs to the process that sends it. Longer than any batch takes (mail.BATCH_SECONDS)."""
SECRETS = frozenset({"token"})
"""Fields of a mail's content that are not kept once they are of no more use."""


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: Moment, dict[str, Any]: JSON}


class Contact(Base):
    """How a person is reached: a copy of what auth knows of accounts, and clinical of patients."""

    __tablename__ = "contact"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(16))
    phone_changed_at: Mapped[datetime | None]
    """When the number was changed, in auth or in clinical: the newest change counts."""
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of auth's event that this is a copy of, so that a stale one never wins; 0 without an account."""
    patient_changed_by: Mapped[int] = mapped_column(BigInteger, default=0)
    """The same of clinical's events, which auth's numbers cannot be compared with; 0 for who is no patient there."""
    erased_at: Mapped[datetime | None]


class DeceasedPatient(Base):
    """A patient of whom clinical has said that they have died, or that this was a mistake."""

    __tablename__ = "deceased_patient"

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_deceased: Mapped[bool]
    revision: Mapped[int]
    """Of the patient's record, so that a stale event never wins."""


class Notification(Base):
    """Something that a person should know. One event tells a person of one kind once."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("event_id", "person_id", "kind"),
        Index("ix_notification_person_id_created_at_id", "person_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    event_id: Mapped[UUID]
    person_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(100))
    message: Mapped[str] = mapped_column(String(500))
    subject_id: Mapped[UUID]
    """The record that it is about."""
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    @hybrid_property
    def is_read(self) -> bool:
        """Whether the person has read it."""
        return self.read_at is not None

    @is_read.inplace.expression
    @classmethod
    def _is_read(cls) -> ColumnElement[bool]:
        return cls.read_at.is_not(None)

    @hybrid_property
    def subject_type(self) -> str:
        """The type of the record that it is about."""
        return SUBJECT_OF[self.kind]

    @subject_type.inplace.expression
    @classmethod
    def _subject_type(cls) -> ColumnElement[str]:
        return case(SUBJECT_OF, value=cls.kind)

    def read(self, now: datetime) -> None:
        """The person has read it; the first time counts."""
        self.read_at = self.read_at or now


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
