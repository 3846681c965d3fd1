"""Accounts, and the state changes that an account allows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.auth.accounts.administration import ACCOUNT_ERASED
from contracts.auth.accounts.commands import NOT_PENDING_VERIFICATION
from contracts.auth.refusals import ACCOUNT_NOT_ACTIVE
from services.auth.models.base import Base


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
            raise NOT_PENDING_VERIFICATION(f"The account is {self.status}.", state=self.status)
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
            raise ACCOUNT_ERASED(state=self.status)

    def must_be_active(self) -> None:
        """Conflict unless the account can be given a role."""
        if self.status != "active":
            raise ACCOUNT_NOT_ACTIVE(state=self.status)
