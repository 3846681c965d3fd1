"""Tables of refill requests and their decisions."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from contracts.clinical.refills import REFILL_DECIDED, RefillStatus
from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base

IS_OPEN = text(f"status = '{RefillStatus.REQUESTED}'")


class RefillRequest(AppendOnly, Base):
    """A patient asked for the next fill of a prescription. Only `status` changes, once."""

    __tablename__ = "refill_request"
    __table_args__ = (
        Index(
            "uq_refill_request_open",
            "prescription_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index("ix_refill_request_open_expires_at", "expires_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_refill_request_patient_id_id", "patient_id", "id"),
        Index("ix_refill_request_doctor_id_status_id", "doctor_id", "status", "id"),
    )
    changing: ClassVar[frozenset[str]] = frozenset({"status", "decision"})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    """The prescriber."""
    status: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(String(500))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decision: Mapped["RefillDecisionRow | None"] = relationship(lazy="raise")

    def must_be_open(self) -> None:
        """Refuse if the request has ended."""
        if self.status != RefillStatus.REQUESTED:
            raise REFILL_DECIDED(status=self.status)

    def decide(self, row: "RefillDecisionRow") -> None:
        """End an open request by this decision."""
        self.must_be_open()
        self.status, self.decision = row.status, row


class RefillDecisionRow(AppendOnly, Base):
    """How a refill request ended. A request ends once."""

    __tablename__ = "refill_decision"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("refill_request.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(500))
    decided_by: Mapped[UUID | None]
    """The doctor; null if the request expired."""
    decided_at: Mapped[datetime]
    renewed_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescription.id"))
    """The new prescription of an approved request."""
