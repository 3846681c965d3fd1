"""The table of granted roles."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.persistence.tables import BigSerial
from services.auth.models.base import Base

IN_FORCE = text("revoked_at IS NULL")


class Grant(Base):
    """A role of a person, with grantor and time. The database refuses a second unrevoked grant of a role."""

    __tablename__ = "role_grant"
    __table_args__ = (
        Index(
            "uq_role_grant_user_id_role",
            "user_id",
            "role",
            unique=True,
            postgresql_where=IN_FORCE,
            sqlite_where=IN_FORCE,
        ),
    )

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(20))
    granted_by: Mapped[UUID | None]
    """The grantor. Null when the role came with the account."""
    granted_at: Mapped[datetime]
    specialization: Mapped[str | None] = mapped_column(String(100))
    """The specialization of a doctor, as the directory shows it."""
    revoked_by: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
