"""Tables of second factors and recovery codes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base


class SecondFactor(Base):
    """The secret from which a person's app computes codes. It takes effect when confirmed with a code."""

    __tablename__ = "second_factor"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[bytes]
    """Encrypted by `services.auth.encryption`."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last accepted code: no code works twice (RFC 6238, section 5.2)."""
    replacement: Mapped[bytes | None]
    """The encrypted secret that replaces `secret` when confirmed."""


class RecoveryCode(Base):
    """The digest of a code for a lost device. It works once."""

    __tablename__ = "recovery_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    used_at: Mapped[datetime | None]
