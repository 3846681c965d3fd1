"""Copies of contact data, admins and deaths. Auth and clinical own the originals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.models.base import Base


class Contact(Base):
    """Contact data of a person: a copy of the account in auth and of the patient in clinical."""

    __tablename__ = "contact"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(16))
    phone_changed_at: Mapped[datetime | None]
    """The time of the last change of the number, in auth or in clinical. The newest change counts."""
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event of auth, so that a stale event never wins; 0 without an account."""
    patient_changed_by: Mapped[int] = mapped_column(BigInteger, default=0)
    """Sequence of the copied event of clinical, which counts separately from auth; 0 without a patient record."""
    erased_at: Mapped[datetime | None]


class Admin(Base):
    """A copy of the last event about an admin or a former admin."""

    __tablename__ = "admin"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_admin: Mapped[bool]
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event of auth, so that a stale event never wins."""


class DeceasedPatient(Base):
    """A recorded death of a patient, or the correction of a mistaken record."""

    __tablename__ = "deceased_patient"

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_deceased: Mapped[bool]
    revision: Mapped[int]
    """Revision of the patient's record, so that a stale event never wins."""
