"""Failed tries to sign in, and secrets that work once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.persistence.tables import BigSerial
from services.auth.models.base import Base


class LoginFailure(Base):
    """A failed try to sign in. Kept by the digest of what was typed as address, whether it has an account or not.

    Those from the owner's own network are counted apart (`services.auth.sessions.lockout`).
    """

    __tablename__ = "login_failure"
    __table_args__ = (Index("ix_login_failure_email_digest_at", "email_digest", "at"),)

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    email_digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)


class OneTimeToken(Base):
    """A secret of which only the digest is known, and which works once, until it expires.

    It was mailed (`verify`, `reset`, `invite`), or given for the second step of signing in (`mfa`).
    """

    __tablename__ = "one_time_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    """The address it was mailed to, which its use shows to be the owner's; null for one that was not mailed."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_from: Mapped[str | None] = mapped_column(String(45))
    """The network in which a password was set with it: guesses from elsewhere do not lock its owner there."""
