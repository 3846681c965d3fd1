"""Copies of doctors and patients. Auth and clinical own the originals."""

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


class Patient(Base):
    """The name and record number of a patient, for invoices, and the e-mail address, for checkouts.

    Both are empty while unknown, and after the person was erased.
    """

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    mrn: Mapped[str | None] = mapped_column(String(20))
    named_by: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Sequence of the copied event of clinical."""
    email: Mapped[str | None] = mapped_column(String(320))
    addressed_by: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Sequence of the copied event of auth."""
