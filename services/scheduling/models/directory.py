"""Copies of doctors, patients and staff, which auth and clinical own."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, String, Table, false, true
from sqlalchemy.orm import Mapped, mapped_column

from services.scheduling.models.base import Base

LEFT = ""
"""In the place of a role: the person has left the staff, and has only those roles that auth says again afterwards."""


class Doctor(Base):
    """A copy of what auth knows of an approved doctor."""

    __tablename__ = "doctor"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    specialization: Mapped[str] = mapped_column(String(100), index=True)
    is_active: Mapped[bool] = mapped_column(server_default=true(), default=True)
    """Whether the doctor can be visited. Of one who cannot, nothing else is known but since when."""
    left_at: Mapped[datetime | None]
    schedule_revision: Mapped[int] = mapped_column(server_default="1", default=1)
    """Of the weekly hours, which are ours and not copied."""
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the event that this copy is of, so that a stale one never wins."""


class Patient(Base):
    """Somebody who has an account or a patient's record: the id, and whether they were erased or have died."""

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    is_erased: Mapped[bool] = mapped_column(default=False)
    is_deceased: Mapped[bool] = mapped_column(server_default=false(), default=False)
    deceased_revision: Mapped[int] = mapped_column(server_default="0", default=0)
    """Of the patient's record when that was said, so that a stale event never wins."""


class StaffRole(Base):
    """A copy of what auth said last of a person and a role of the staff: that they have it, or have `LEFT` them all."""

    __tablename__ = "staff_role"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the event that this copy is of, so that a stale one never wins."""


DOCTOR, PATIENT = cast("Table", Doctor.__table__), cast("Table", Patient.__table__)
