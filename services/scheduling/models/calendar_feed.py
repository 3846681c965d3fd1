"""The table of links to calendar feeds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.scheduling.models.base import Base


class CalendarLink(Base):
    """The link to a person's calendar feed, stored as a digest. A person has at most one."""

    __tablename__ = "calendar_link"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
