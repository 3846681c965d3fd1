"""Copies of names and staff roles, which auth owns, and of shifts, which scheduling owns."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.base import Base

AFTER_ALL_EVENTS = 2**63 - 1
"""A sequence that no event reaches: the copy of an erased person's name never changes again."""

FORMER_DOCTOR = "former_doctor"
"""Stored instead of a role: the person lost the role of doctor, which is no staff role."""
LEFT = ""
"""Stored instead of a role: the person left the staff. Only roles that auth publishes later count."""


class Person(Base):
    """A copy of the name of an account. The name of an erased person is empty."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event of auth, so that a stale event never wins."""


class StaffRole(Base):
    """A copy of the last event about a role of a person: granted, `LEFT` for all staff roles, or `FORMER_DOCTOR`."""

    __tablename__ = "staff_role"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event of auth, so that a stale event never wins."""


class Shift(Base):
    """A copy of a shift of a member of staff. Cancelled shifts stay, so that a stale event never wins."""

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_ends_at_starts_at", "ends_at", "starts_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_assigned: Mapped[bool]
    revision: Mapped[int]


PERSON = cast("Table", Person.__table__)
