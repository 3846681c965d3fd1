"""The tables of auth, and the moves that accounts, sessions and requests for roles may make."""

import hmac
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from chassis.tables import BigSerial, Moment, new_metadata
from services.auth import rules

IN_FORCE = text("revoked_at IS NULL")
PENDING = text("status = 'pending'")


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: Moment}


class Account(Base):
    """A person who can sign in. Its id is the person's in every service."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str] = mapped_column(String(254))
    """As its owner writes it."""
    email_key: Mapped[str] = mapped_column(String(762), unique=True)
    """The address without case (`rules.email_key`): no two accounts share it."""
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]

    @property
    def may_sign_in(self) -> bool:
        """Whether the owner may sign in; one whose address is still to be verified may, and sees itself."""
        return self.status in ("pending_verification", "active")

    @property
    def is_verified(self) -> bool:
        """Whether the address has been shown to be its owner's."""
        return self.status == "active"

    def verify(self) -> None:
        """The owner has shown that the address is theirs."""
        if self.status != "pending_verification":
            raise Conflict("not_pending_verification", f"The account is {self.status}.", {"status": self.status})
        self.status = "active"

    def must_be_active(self) -> None:
        """Conflict unless the account can be given a role."""
        if self.status != "active":
            raise Conflict("account_not_active", f"The account is {self.status}.", {"status": self.status})


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
    revoked_at: Mapped[datetime | None]


class LoginSession(Base):
    """One signing in on one device: the family of all refresh tokens that follow from it."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    secret: Mapped[bytes]
    """32 random bytes, from which and from a refresh token its successor is computed."""
    address: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def end(self, now: datetime) -> None:
        """No refresh token of the family counts from now on."""
        if self.ended_at is None:
            self.ended_at = now

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


class LoginFailure(Base):
    """A failed try to sign in. Kept by the digest of what was typed as address, whether it has an account or not."""

    __tablename__ = "login_failure"
    __table_args__ = (Index("ix_login_failure_email_digest_at", "email_digest", "at"),)

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    email_digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)


class OneTimeToken(Base):
    """A secret that was mailed (`verify`), of which only the digest is known. It works once, until it expires."""

    __tablename__ = "one_time_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class UpgradeRequest(Base):
    """Somebody's request for a role. A person has one pending for each role at most: the database refuses."""

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
    """The deciding admin's; required to reject."""
    created_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]

    def approve(self, by: UUID, now: datetime, reason: str | None) -> None:
        """An admin agrees."""
        self._decide("approved", by, now, reason)

    def reject(self, by: UUID, now: datetime, reason: str) -> None:
        """An admin refuses, and says why."""
        self._decide("rejected", by, now, reason)

    def _decide(self, status: str, by: UUID, now: datetime, reason: str | None) -> None:
        if self.status != "pending":
            raise Conflict("already_decided", f"The request is {self.status}.", {"status": self.status})
        self.status, self.reason, self.decided_by, self.decided_at = status, reason, by, now
