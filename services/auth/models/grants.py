"""Roles that people have."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.persistence.tables import BigSerial
from services.auth.models.base import Base

IN_FORCE = text("revoked_at IS NULL")


class Grant(Base):
    """A role that a person has, since when and by whom. Only one of each can be in force: the database refuses."""

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
    """Nobody where the role comes with the account."""
    granted_at: Mapped[datetime]
    specialization: Mapped[str | None] = mapped_column(String(100))
    """A doctor's, as the directory says it."""
    revoked_by: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
