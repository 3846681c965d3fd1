"""Tables of failed logins and of one-time tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.persistence.tables import BigSerial
from services.auth.models.base import Base


class LoginFailure(Base):
    """A failed login, by the digest of the typed address, with or without an account.

    Failures from the owner's own network have a counter of their own (`services.auth.sessions.lockout`).
    """

    __tablename__ = "login_failure"
    __table_args__ = (Index("ix_login_failure_email_digest_at", "email_digest", "at"),)

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    email_digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)


class OneTimeToken(Base):
    """The digest of a secret that works once, until it expires.

    The secret was mailed (`verify`, `reset`, `invite`) or returned for the second step of a login (`mfa`).
    """

    __tablename__ = "one_time_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    """The address that got the mail; the use of the secret verifies it. Null when the secret was not mailed."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_from: Mapped[str | None] = mapped_column(String(45))
    """The network where its owner set a password with it. Guesses from other networks do not lock the owner there."""
