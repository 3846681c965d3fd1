"""Second factors, and the codes for the day when the device is lost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base


class SecondFactor(Base):
    """The secret that a person's app computes codes from; it counts once it has been confirmed with a code."""

    __tablename__ = "second_factor"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[bytes]
    """Encrypted with the key of `services.auth.encryption`."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code that was taken: no code works twice (RFC 6238, section 5.2)."""
    replacement: Mapped[bytes | None]
    """The secret, encrypted too, that takes its place once it has been confirmed."""


class RecoveryCode(Base):
    """A code for the day when the device is lost, of which only the digest is known. It works once."""

    __tablename__ = "recovery_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    used_at: Mapped[datetime | None]
