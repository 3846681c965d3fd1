"""Copies of doctors, patients and staff, which auth and clinical own."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, String, Table, false, true
from sqlalchemy.orm import Mapped, mapped_column

from services.scheduling.models.base import Base

LEFT = ""
"""Stored instead of a role: the person left the staff. Only roles that auth publishes later count."""


class Doctor(Base):
    """A copy of an approved doctor, which auth owns."""

    __tablename__ = "doctor"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    specialization: Mapped[str] = mapped_column(String(100), index=True)
    is_active: Mapped[bool] = mapped_column(server_default=true(), default=True)
    """Whether the doctor takes appointments. Inactive doctors have no other facts but `left_at`."""
    left_at: Mapped[datetime | None]
    schedule_revision: Mapped[int] = mapped_column(server_default="1", default=1)
    """Revision of the weekly hours, which scheduling owns."""
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event, so that a stale event never wins."""


class Patient(Base):
    """A copy of a patient: the id, and whether the patient was erased or has died."""

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    is_erased: Mapped[bool] = mapped_column(default=False)
    is_deceased: Mapped[bool] = mapped_column(server_default=false(), default=False)
    deceased_revision: Mapped[int] = mapped_column(server_default="0", default=0)
    """Revision of the patient's record in the copied event, so that a stale event never wins."""


class StaffRole(Base):
    """A copy of the last event about a person's staff role: granted, or `LEFT` for all roles."""

    __tablename__ = "staff_role"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event, so that a stale event never wins."""


DOCTOR, PATIENT = cast("Table", Doctor.__table__), cast("Table", Patient.__table__)
