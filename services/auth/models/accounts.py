"""The table of accounts, and the state changes that an account allows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.auth.accounts.administration import ACCOUNT_ERASED
from contracts.auth.accounts.commands import NOT_PENDING_VERIFICATION, AccountStatus
from contracts.auth.refusals import ACCOUNT_NOT_ACTIVE
from services.auth.models.base import Base


class Account(Base):
    """An account of a person. Its id identifies the person in every service."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str] = mapped_column(String(254))
    """The address as its owner writes it."""
    email_key: Mapped[str] = mapped_column(String(762), unique=True)
    """The address in the form that is equal for all spellings (`rules.email_key`)."""
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    """Empty when no password is valid: before an invitation is accepted, and after erasure."""
    status: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(index=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    """The person's only number. Clinical has a copy, which the patient and the desk may also change."""
    phone_changed_at: Mapped[datetime | None]
    """The time when the number was set or removed, in auth or clinical. The newest change wins."""
    locale: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str | None] = mapped_column(String(3))
    timezone: Mapped[str | None] = mapped_column(String(50))
    revision: Mapped[int] = mapped_column(server_default="1", default=1)
    """Grows with each change that the owner or an admin sees, including roles and second factor."""
    verified_at: Mapped[datetime | None]
    """The time when the owner first verified an address."""

    @property
    def may_sign_in(self) -> bool:
        """Whether the owner may log in. An account with an unverified address may log in, and see itself."""
        return self.status in (AccountStatus.PENDING_VERIFICATION, AccountStatus.ACTIVE)

    @property
    def is_verified(self) -> bool:
        """Whether the owner has verified the address."""
        return self.status == AccountStatus.ACTIVE

    def changed(self) -> None:
        """Increment the revision after a change that the owner or an admin sees, such as of roles."""
        self.revision += 1

    def verify(self, now: datetime) -> None:
        """Record that the owner has verified the address."""
        if self.status != AccountStatus.PENDING_VERIFICATION:
            raise NOT_PENDING_VERIFICATION(f"The account is {self.status}.", state=self.status)
        self.status, self.verified_at = AccountStatus.ACTIVE, now
        self.changed()

    def deactivate(self) -> None:
        """Block the account until it is reactivated."""
        self.must_not_be_erased()
        self.status = AccountStatus.DEACTIVATED
        self.changed()

    def reactivate(self) -> None:
        """Restore the status before the deactivation."""
        self.must_not_be_erased()
        if self.status == AccountStatus.DEACTIVATED:
            self.status = AccountStatus.ACTIVE if self.verified_at else AccountStatus.PENDING_VERIFICATION
            self.changed()

    def erase(self) -> None:
        """Remove everything that identifies the person. The id stays."""
        self.must_not_be_erased()
        self.email, self.email_key, self.name = "", f"erased:{self.id}", ""
        self.password_hash, self.status = "", AccountStatus.ERASED
        self.phone = self.phone_changed_at = self.locale = self.language = self.timezone = None
        self.changed()

    def must_not_be_erased(self) -> None:
        """Refuse if the account is erased."""
        if self.status == AccountStatus.ERASED:
            raise ACCOUNT_ERASED(state=self.status)

    def must_be_active(self) -> None:
        """Refuse unless the account is active."""
        if self.status != AccountStatus.ACTIVE:
            raise ACCOUNT_NOT_ACTIVE(state=self.status)
