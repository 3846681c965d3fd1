"""The table of links to pay."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.billing.models.base import Base


class PayLink(Base):
    """A link that pays one invoice. The database holds only a digest of its secret."""

    __tablename__ = "pay_link"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the secret, in hexadecimal digits."""
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    is_printed: Mapped[bool]
    """Whether the link is the code on a printed invoice. A new link does not replace it."""
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """The time at which nothing of the invoice was open any more."""
