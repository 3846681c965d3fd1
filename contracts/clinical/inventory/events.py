"""Events of the inventory. They are public: ids, dates and quantities, never the name of a medicine."""

from datetime import date
from uuid import UUID

from chassis.event import Event

ITEM = "01919c5e-0000-7000-8000-0000000000d1"
RECIPIENTS = ["01919c5e-0000-7000-8000-000000000004"]


class StockLow(Event, service="clinical", subject="item_id", heard_by=("notify.on_stock_low",)):
    """The usable stock of a medicine fell below its reorder level. Published again only after the stock recovered.

    `recipient_ids` are the pharmacists. Admins are notified too.
    """

    item_id: UUID
    quantity: int
    reorder_level: int
    recipient_ids: list[UUID]
    example = {"item_id": ITEM, "quantity": 12, "reorder_level": 100, "recipient_ids": RECIPIENTS}


class StockExpiring(Event, service="clinical", subject="item_id", heard_by=("notify.on_stock_expiring",)):
    """A batch in stock expires within 60 days, or was found expired. Published once, while the batch has stock.

    `recipient_ids` are the pharmacists. Admins are notified too.
    """

    item_id: UUID
    batch_id: UUID
    expires_on: date
    quantity: int
    recipient_ids: list[UUID]
    example = {
        "item_id": ITEM,
        "batch_id": "01919c5e-0000-7000-8000-0000000000d2",
        "expires_on": "2027-01-20",
        "quantity": 40,
        "recipient_ids": RECIPIENTS,
    }
