"""The table of open appointments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base


class OpenAppointment(Base):
    """A copy of an appointment from scheduling: its doctor, and whether it is open."""

    __tablename__ = "open_visit"

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(index=True)
    is_open: Mapped[bool]
    revision: Mapped[int]
    """The revision of the appointment, so that an older event never wins."""
    changed_at: Mapped[datetime] = mapped_column(index=True)
