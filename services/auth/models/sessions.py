"""Sessions, and their refresh tokens."""

import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.auth import rules
from services.auth.models.base import Base


class LoginSession(Base):
    """One signing in on one device: the family of all refresh tokens that follow from it."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    secret: Mapped[bytes]
    """32 random bytes, from which and from a refresh token its successor is computed."""
    address: Mapped[str] = mapped_column(String(45))
    device: Mapped[str] = mapped_column(String(200), server_default="", default="")
    """What the program called itself that signed in (`User-Agent`)."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    """When tokens were last given out."""
    ended_at: Mapped[datetime | None] = mapped_column(index=True)

    def successor_of(self, token: str) -> str:
        """The refresh token that follows this one: always the same, and nobody's guess without both secrets."""
        return rules.encoded(hmac.digest(self.secret, token.encode(), "sha256"))


class RefreshToken(Base):
    """A refresh token, of which only the digest is known. Used ones stay until they expire: reuse is noticed."""

    __tablename__ = "refresh_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("login_session.id"), index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
