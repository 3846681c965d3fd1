"""Copies of contacts and deaths, which auth and clinical own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.models.base import Base


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
