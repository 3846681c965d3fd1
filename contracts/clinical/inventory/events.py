"""Events of the inventory. They are public: ids, dates and quantities, never the name of a medicine."""

from datetime import date
from uuid import UUID

from chassis.event import Event

ITEM = "01919c5e-0000-7000-8000-0000000000d1"


class StockLow(Event, service="clinical", subject="item_id", for_outside=True):
    """The usable stock of a medicine fell below its reorder level. Published again only after the stock recovered."""

    item_id: UUID
    quantity: int
    reorder_level: int
    example = {"item_id": ITEM, "quantity": 12, "reorder_level": 100}


class StockExpiring(Event, service="clinical", subject="item_id", for_outside=True):
    """A batch in stock expires within 60 days, or was found expired. Published once, while the batch has stock."""

    item_id: UUID
    batch_id: UUID
    expires_on: date
    quantity: int
    example = {
        "item_id": ITEM,
        "batch_id": "01919c5e-0000-7000-8000-0000000000d2",
        "expires_on": "2027-01-20",
        "quantity": 40,
    }
