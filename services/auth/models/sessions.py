"""Tables of sessions and refresh tokens."""

import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.auth import rules
from services.auth.models.base import Base


class LoginSession(Base):
    """A login on a device, with the family of refresh tokens that follow from it."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    secret: Mapped[bytes]
    """32 random bytes. A refresh token and this secret determine the next token."""
    address: Mapped[str] = mapped_column(String(45))
    device: Mapped[str] = mapped_column(String(200), server_default="", default="")
    """The `User-Agent` of the login."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    """The time when tokens were last issued."""
    ended_at: Mapped[datetime | None] = mapped_column(index=True)

    def successor_of(self, token: str) -> str:
        """The next refresh token: always the same, and not computable without both secrets."""
        return rules.encoded(hmac.digest(self.secret, token.encode(), "sha256"))


class RefreshToken(Base):
    """The digest of a refresh token. A used token stays until it expires, so that its reuse is detected."""

    __tablename__ = "refresh_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("login_session.id"), index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
