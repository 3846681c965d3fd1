"""The table of requests for roles, and the state changes that a request allows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.auth.upgrades import ALREADY_DECIDED, UpgradeStatus
from services.auth.models.base import Base

PENDING = text("status = 'pending'")


class UpgradeRequest(Base):
    """A request for a role. The database refuses a second pending request of a person for a role."""

    __tablename__ = "upgrade_request"
    __table_args__ = (
        Index(
            "uq_upgrade_request_user_id_role",
            "user_id",
            "role",
            unique=True,
            postgresql_where=PENDING,
            sqlite_where=PENDING,
        ),
        Index("ix_upgrade_request_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("ix_upgrade_request_status_created_at_id", "status", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    licence_number: Mapped[str | None] = mapped_column(String(100))
    specialization: Mapped[str | None] = mapped_column(String(100))
    statement: Mapped[str] = mapped_column(String(2000))
    reason: Mapped[str | None] = mapped_column(String(1000))
    """The reason of the deciding admin; required for a rejection."""
    created_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]

    def approve(self, by: UUID, now: datetime, reason: str | None) -> None:
        """Approve, by an admin."""
        self._decide(UpgradeStatus.APPROVED, by, now, reason)

    def reject(self, by: UUID, now: datetime, reason: str) -> None:
        """Reject with a reason, by an admin."""
        self._decide(UpgradeStatus.REJECTED, by, now, reason)

    def withdraw(self, by: UUID, now: datetime) -> None:
        """Withdraw, by the person."""
        self._decide(UpgradeStatus.WITHDRAWN, by, now, None)

    def _decide(self, status: UpgradeStatus, by: UUID, now: datetime, reason: str | None) -> None:
        if self.status != UpgradeStatus.PENDING:
            raise ALREADY_DECIDED(state=self.status)
        self.status, self.reason, self.decided_by, self.decided_at = status, reason, by, now
