"""Copies of doctors, patients and staff, which auth and clinical own."""

from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, String, Table, false, true
from sqlalchemy.orm import Mapped, mapped_column

from services.scheduling.models.base import Base

AFTER_ALL_EVENTS = 2**63 - 1
"""A sequence that no event reaches: the copy of an erased person's name never changes again."""
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


class Person(Base):
    """A copy of the name of an account, which auth owns. The name of an erased person is empty."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event of auth, so that a stale event never wins."""


class Patient(Base):
    """A copy of a patient: identity from clinical, and whether the patient was erased or has died.

    The name is empty, and the other facts are null, until clinical has published them, and after the erasure.
    """

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), server_default="", default="")
    mrn: Mapped[str | None] = mapped_column(String(20))
    birth_date: Mapped[date | None]
    identity_sequence: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    """Sequence of the copied event of clinical, so that a stale event never wins."""
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


DOCTOR, PATIENT, PERSON = (cast("Table", model.__table__) for model in (Doctor, Patient, Person))
