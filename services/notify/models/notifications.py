"""The table of notifications, and the moves that a notification may make."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, UniqueConstraint, case
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.notify.notifications import SUBJECT_OF
from services.notify.models.base import Base


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
