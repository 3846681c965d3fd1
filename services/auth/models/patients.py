"""The table of patients without an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base


class DeskPatient(Base):
    """A copy of a patient without an account, who may get an invitation."""

    __tablename__ = "desk_patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(20))
    phone_changed_at: Mapped[datetime | None]
    changed_by: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    """The sequence of clinical's event in this copy, so that an older event never wins."""
