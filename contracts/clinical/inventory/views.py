"""Items, batches and movements of the inventory as callers see them, and their kinds and states."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import View
from chassis.errors import Conflict, NotFound
from chassis.refusals import Refusal
from contracts.clinical.patients import Whole
from contracts.roles import Role
from contracts.texts import TRIMMED
from records.fields import Facts

STOCK = frozenset({Role.ADMIN, Role.PHARMACIST})
"""The roles that keep the inventory."""
MOST = 1_000_000
"""The largest quantity of one movement."""

NO_SUCH_ITEM = Refusal(NotFound, "not_found", "There is no such item in the inventory.")
NO_SUCH_BATCH = Refusal(NotFound, "not_found", "The item has no such batch.")
OUT_OF_STOCK = Refusal(
    Conflict,
    "out_of_stock",
    "Only {available} are in stock.",
    "The stock is smaller than the quantity. `available` is the rest; expired batches do not count for dispensing.",
)
NOT_A_MEDICINE = Refusal(
    Conflict, "not_a_medicine", "This item is equipment.", "The item is equipment, which is never dispensed."
)

THE_ITEM = "The item."
Name = Annotated[str, validate.Length(1, 200), TRIMMED, Facts(example="Amoxicillin 500 mg capsule")]
Substance = Annotated[
    str, validate.Length(1, 200), TRIMMED, "The active substance of a medicine.", Facts(example="amoxicillin")
]
Unit = Annotated[
    str, validate.Length(1, 30), TRIMMED, "The unit in which a medicine is counted.", Facts(example="capsule")
]
StrengthValue = Annotated[
    float,
    validate.Range(min=0, min_inclusive=False, max=1_000_000),
    "The amount of the substance in one unit. Null for units with several substances or many doses, such as a bottle.",
    Facts(example=500),
]
StrengthUnit = Annotated[
    str, validate.Length(1, 30), TRIMMED, "The UCUM unit of `strength_value`.", Facts(example="mg")
]
Level = Annotated[
    int,
    validate.Range(0, MOST),
    "A smaller usable stock is low, and pharmacists and admins are notified. Null: never low.",
    Facts(example=100),
]
SerialNumber = Annotated[
    str,
    validate.Length(1, 100),
    TRIMMED,
    "The serial number of a device, unique among devices.",
    Facts(example="SN-40021"),
]
Location = Annotated[str, validate.Length(1, 200), TRIMMED, Facts(example="Pharmacy, shelf B4")]
ServiceDate = Annotated[date, "The date of the next service of a device. After it, the service is overdue."]
BatchNumber = Annotated[
    str,
    validate.Length(1, 50),
    Whole(
        r"^[0-9A-Za-z]([0-9A-Za-z ._:+*-]*[0-9A-Za-z])?$",
        error="Must be letters and digits; between them also blanks and the signs . _ : + * -",
    ),
    "The batch (lot) number that the manufacturer printed.",
    Facts(example="L4711"),
]
ExpiryDate = Annotated[date, "The last day on which the batch may be dispensed, on the hospital's calendar."]


class ItemKind(StrEnum):
    """The kinds of items."""

    MEDICINE = "medicine"
    EQUIPMENT = "equipment"


class DeviceState(StrEnum):
    """The states of a device. A retired device never returns."""

    IN_SERVICE = "in_service"
    OUT_OF_SERVICE = "out_of_service"
    RETIRED = "retired"


class MovementKind(StrEnum):
    """The kinds of movements of stock."""

    RECEIVE = "receive"
    DISPENSE = "dispense"
    ADJUST = "adjust"
    WASTE = "waste"
    RETURN = "return"
    TRANSFER = "transfer"


class StockAlertKind(StrEnum):
    """The kinds of alerts about items."""

    LOW = "low"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    SERVICE_OVERDUE = "service_overdue"


class BatchView(View):
    """A batch with stock left."""

    batch: BatchNumber
    expires_on: ExpiryDate
    quantity: int
    is_expired: bool


class StockView(View):
    """The stock of an item after a movement. `quantity` includes expired batches, `usable_quantity` does not."""

    id: Annotated[UUID, THE_ITEM]
    movement_id: UUID
    quantity: int
    usable_quantity: int
    batches: list[BatchView]


class ItemRowView(View):
    """An item in a list. `quantity` includes expired batches, `usable_quantity` does not. A device counts as 1.

    `substance`, `unit`, `reorder_level` and the strength belong to medicines; `serial_number`, `state` and
    `next_service_on` to equipment. `earliest_expiry` is the first expiry date of a batch with stock, expired batches
    included.
    """

    id: UUID
    kind: ItemKind
    name: Name
    substance: Substance | None
    unit: Unit | None
    strength_value: StrengthValue | None
    strength_unit: StrengthUnit | None
    reorder_level: Level | None
    serial_number: SerialNumber | None
    location: Location | None
    state: DeviceState | None
    next_service_on: ServiceDate | None
    quantity: int
    usable_quantity: int
    earliest_expiry: date | None
    is_low: bool
    is_service_overdue: bool
    revision: int


class ItemView(ItemRowView):
    """An item with its batches that have stock, earliest expiry first."""

    batches: list[BatchView]
    created_at: datetime


class MovementView(View):
    """A movement in the ledger of an item. The sum of `quantity` is the stock.

    `quantity` is negative for what left the stock. `location` is the destination of a transfer.
    """

    id: UUID
    kind: MovementKind
    quantity: int
    batch: BatchNumber | None
    expires_on: ExpiryDate | None
    location: Location | None
    reason: Annotated[str, Facts(example="Broken ampoules")] | None
    dispense_id: UUID | None
    author_id: UUID | None
    author_name: Annotated[str, Facts(example="Piotr Nowak")] | None
    at: datetime


class RecipientView(View):
    """A patient who got medicines of a batch. The name of an erased patient is null."""

    patient_id: UUID
    mrn: Annotated[str, Facts(example="M-0001234-6")]
    name: Annotated[str, Facts(example="Asha Rao")] | None
    quantity: int
    last_dispensed_at: datetime


class StockAlertView(View):
    """An alert. `due_on` is the expiry date, the date of the service, or today for low stock."""

    kind: StockAlertKind
    due_on: date
    item_id: UUID
    name: Name
    location: Location | None
    quantity: Annotated[int, "Of the batch, or the usable stock of the item."]
    batch: BatchNumber | None
    reorder_level: Level | None
    serial_number: SerialNumber | None
