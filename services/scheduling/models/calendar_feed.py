"""The table of links to calendar feeds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.scheduling.models.base import Base


class CalendarLink(Base):
    """A person's link to the own calendar, of which only the digest is known. Each has one at most."""

    __tablename__ = "calendar_link"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
