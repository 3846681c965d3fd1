"""Copies of visits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base


class OpenVisit(Base):
    """A copy of what scheduling says of a visit: whether it is still to be kept, and by which doctor."""

    __tablename__ = "open_visit"

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(index=True)
    is_open: Mapped[bool]
    revision: Mapped[int]
    """Of the visit, so that a stale event never wins."""
    changed_at: Mapped[datetime] = mapped_column(index=True)
