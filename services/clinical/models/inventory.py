"""Tables of the inventory: items, batches, and the ledger of movements."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from contracts.clinical.inventory.commands import DEVICE_RETIRED
from contracts.clinical.inventory.views import DeviceState
from services.clinical.inventory import rules
from services.clinical.models.append_only import AppendOnly
from services.clinical.models.base import Base

Key = String(500).with_variant(String(500, collation="C"), "postgresql")
"""Text that sorts by character codes, so that both databases have the same order."""


class Item(Base):
    """A medicine in stock, or a device. `quantity` is the sum of the item's movements; a device counts as 1.

    Every movement locks the row first. So the movements of an item follow each other.
    """

    __tablename__ = "item"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        Index("ix_item_search_key_id", "search_key", "id"),
        Index("ix_item_next_service_on", "next_service_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    substance: Mapped[str | None] = mapped_column(String(200))
    unit: Mapped[str | None] = mapped_column(String(30))
    # As the dose of a prescription, with which it is compared.
    strength_value: Mapped[float | None] = mapped_column(Numeric(asdecimal=False))
    strength_unit: Mapped[str | None] = mapped_column(String(30))
    reorder_level: Mapped[int | None] = mapped_column(BigInteger)
    serial_number: Mapped[str | None] = mapped_column(String(100))
    serial_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    """The serial number without case and blanks."""
    location: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str | None] = mapped_column(String(20))
    next_service_on: Mapped[date | None]
    search_key: Mapped[str] = mapped_column(Key)
    """Name, substance and serial number without case. Lists are ordered by it."""
    quantity: Mapped[int] = mapped_column(BigInteger)
    low_since: Mapped[datetime | None]
    """The time when low stock was announced; null while the stock is sufficient."""
    created_at: Mapped[datetime]
    revision: Mapped[int]
    """Counts the changes of the facts, not the movements."""

    def set_facts(self, facts: Mapping[str, object]) -> None:
        """Set these columns, and count the revision. Refuse for a retired device."""
        if self.state == DeviceState.RETIRED:
            raise DEVICE_RETIRED()
        for name, value in facts.items():
            setattr(self, name, value)
        self.set_keys()
        self.revision += 1

    def set_keys(self) -> None:
        """Derive the keys from the facts."""
        self.serial_key = None if self.serial_number is None else rules.serial_key(self.serial_number)
        self.search_key = rules.search_key(self.name, self.substance, self.serial_number)

    def becomes_low(self, usable: int, now: datetime) -> bool:
        """Note whether the usable stock is low. Return True if it was sufficient before."""
        if not rules.is_low(usable, self.reorder_level):
            self.low_since = None
            return False
        was_sufficient = self.low_since is None
        self.low_since = self.low_since or now
        return was_sufficient


class Batch(Base):
    """The stock of one batch of a medicine. An empty batch stays, for recalls."""

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("item_id", "batch"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        Index("ix_batch_item_id_expires_on", "item_id", "expires_on"),
        Index(
            "ix_batch_expires_on",
            "expires_on",
            sqlite_where=text("quantity > 0"),
            postgresql_where=text("quantity > 0"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    batch: Mapped[str] = mapped_column(String(50))
    """The batch number that the manufacturer printed."""
    expires_on: Mapped[date]
    quantity: Mapped[int] = mapped_column(BigInteger)
    expiring_since: Mapped[datetime | None]
    """The time when the expiry was announced; null before, and again for an empty batch."""


class StockMovement(AppendOnly, Base):
    """A movement in the ledger. `quantity` is the change of the stock, negative for what left it."""

    __tablename__ = "stock_movement"
    __table_args__ = (
        Index("ix_stock_movement_item_id_at_id", "item_id", "at", "id"),
        Index("ix_stock_movement_batch_id_patient_id", "batch_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch.id"))
    kind: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(BigInteger)
    location: Mapped[str | None] = mapped_column(String(200))
    """The destination of a transfer."""
    reason: Mapped[str | None] = mapped_column(String(500))
    dispense_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    """The patient who got the medicine."""
    author_id: Mapped[UUID | None]
    at: Mapped[datetime]


ITEM, BATCH, MOVEMENT = (cast("Table", model.__table__) for model in (Item, Batch, StockMovement))
