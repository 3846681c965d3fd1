"""Tables of attachments."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.base import Base
from services.clinical.models.versions import SignedVersion

IS_CURRENT = text("superseded_by IS NULL")


class Attachment(SignedVersion, Base):
    """One version of the facts of a stored file. `id` also names the object in the store."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_patient_id_id", "patient_id", "id", sqlite_where=IS_CURRENT, postgresql_where=IS_CURRENT),
    )

    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(150))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by: Mapped[UUID]
    uploaded_at: Mapped[datetime]


class AttachmentSweep(Base):
    """The last day whose objects without a row have been removed from the store. There is one row."""

    __tablename__ = "attachment_sweep"

    id: Mapped[int] = mapped_column(primary_key=True)
    swept_through: Mapped[date]
