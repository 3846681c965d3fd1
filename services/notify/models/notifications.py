"""The table of notifications, and the moves that a notification may make."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, UniqueConstraint, case
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.notify.notifications import SUBJECT_OF, NotificationKind, NotificationSubject
from services.notify.models.base import Base


class Notification(Base):
    """A notification for one person. One event creates at most one notification of a kind for a person."""

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
    """The record that the notification is about."""
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    @hybrid_property
    def is_read(self) -> bool:
        """Return whether the person has read the notification."""
        return self.read_at is not None

    @is_read.inplace.expression
    @classmethod
    def _is_read(cls) -> ColumnElement[bool]:
        return cls.read_at.is_not(None)

    @hybrid_property
    def subject_type(self) -> NotificationSubject:
        """Return the type of the record that the notification is about."""
        return SUBJECT_OF[NotificationKind(self.kind)]

    @subject_type.inplace.expression
    @classmethod
    def _subject_type(cls) -> ColumnElement[str]:
        return case({kind.value: subject.value for kind, subject in SUBJECT_OF.items()}, value=cls.kind)

    def read(self, now: datetime) -> None:
        """Mark as read. The first time counts."""
        self.read_at = self.read_at or now
