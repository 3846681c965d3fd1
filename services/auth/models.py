"""The tables of auth, and the moves that accounts, sessions and requests for roles may make."""

import hmac
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
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
    """Empty where no password counts: before an invitation is accepted, and after erasure."""
    status: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(index=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    """The person's one number; clinical keeps a copy, which the patient and the desk may change too."""
    phone_changed_at: Mapped[datetime | None]
    """When the number became this one, or was taken away, wherever that was done: the newest change counts."""
    locale: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str | None] = mapped_column(String(3))
    timezone: Mapped[str | None] = mapped_column(String(50))
    revision: Mapped[int] = mapped_column(server_default="1", default=1)
    """Grows with each change of what its owner or an admin sees of it, roles and second factor included."""
    verified_at: Mapped[datetime | None]
    """When the address was first shown to be its owner's."""

    @property
    def may_sign_in(self) -> bool:
        """Whether the owner may sign in; one whose address is still to be verified may, and sees itself."""
        return self.status in ("pending_verification", "active")

    @property
    def is_verified(self) -> bool:
        """Whether the address has been shown to be its owner's."""
        return self.status == "active"

    def changed(self) -> None:
        """Something of it has changed that its owner or an admin sees, such as its roles."""
        self.revision += 1

    def verify(self, now: datetime) -> None:
        """The owner has shown that the address is theirs."""
        if self.status != "pending_verification":
            raise Conflict("not_pending_verification", f"The account is {self.status}.", {"state": self.status})
        self.status, self.verified_at = "active", now
        self.changed()

    def deactivate(self) -> None:
        """Nobody can use the account until it is reactivated."""
        self.must_not_be_erased()
        self.status = "deactivated"
        self.changed()

    def reactivate(self) -> None:
        """The account can be used again, as far as it could before."""
        self.must_not_be_erased()
        if self.status == "deactivated":
            self.status = "active" if self.verified_at else "pending_verification"
            self.changed()

    def erase(self) -> None:
        """Destroy what identifies the person; the id stays."""
        self.must_not_be_erased()
        self.email, self.email_key, self.name = "", f"erased:{self.id}", ""
        self.password_hash, self.status = "", "erased"
        self.phone = self.phone_changed_at = self.locale = self.language = self.timezone = None
        self.changed()

    def must_not_be_erased(self) -> None:
        """Conflict when there is nobody left whom the account is of."""
        if self.status == "erased":
            raise Conflict("erased", "The account has been erased.", {"state": self.status})

    def must_be_active(self) -> None:
        """Conflict unless the account can be given a role."""
        if self.status != "active":
            raise Conflict("account_not_active", f"The account is {self.status}.", {"state": self.status})


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


class LoginFailure(Base):
    """A failed try to sign in. Kept by the digest of what was typed as address, whether it has an account or not.

    Those from the owner's own network are counted apart (`services.auth.locks`).
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


class SecondFactor(Base):
    """The secret that a person's app computes codes from; it counts once it has been confirmed with a code."""

    __tablename__ = "second_factor"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[bytes]
    """Encrypted with the key of `services.auth.secrets`."""
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


class OpenVisit(Base):
    """A copy of what scheduling says of a visit: whether it is still to be kept, and by which doctor."""

    __tablename__ = "open_visit"

    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(index=True)
    is_open: Mapped[bool]
    revision: Mapped[int]
    """Of the visit, so that a stale event never wins."""
    changed_at: Mapped[datetime] = mapped_column(index=True)


class DeskPatient(Base):
    """A copy of a patient registered at the desk, who has no account yet and may be invited to one."""

    __tablename__ = "desk_patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(20))
    phone_changed_at: Mapped[datetime | None]
    changed_by: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    """Sequence of clinical's event that this is a copy of, so that a stale one never wins."""


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

    def withdraw(self, by: UUID, now: datetime) -> None:
        """The person who asked takes it back."""
        self._decide("withdrawn", by, now, None)

    def _decide(self, status: str, by: UUID, now: datetime, reason: str | None) -> None:
        if self.status != "pending":
            raise Conflict("already_decided", f"The request is {self.status}.", {"state": self.status})
        self.status, self.reason, self.decided_by, self.decided_at = status, reason, by, now
