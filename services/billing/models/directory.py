"""Copies of doctors. Auth owns the originals."""

from uuid import UUID

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.billing.models.base import Base


class Doctor(Base):
    """An approved doctor. The specialization sets the price of a visit."""

    __tablename__ = "doctor"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    specialization: Mapped[str] = mapped_column(String(100))
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event, so that a stale event never wins."""
