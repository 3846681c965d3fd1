"""Commands of the inventory: add and change items, and move stock."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command
from chassis.errors import Conflict, Invalid
from chassis.refusals import Refusal
from contracts.clinical.inventory.views import (
    MOST,
    OUT_OF_STOCK,
    STOCK,
    THE_ITEM,
    BatchNumber,
    DeviceState,
    ExpiryDate,
    ItemKind,
    ItemView,
    Level,
    Location,
    MovementKind,
    Name,
    SerialNumber,
    ServiceDate,
    StockView,
    StrengthUnit,
    StrengthValue,
    Substance,
    Unit,
)
from contracts.refusals import REASON_REQUIRED
from contracts.texts import Reason
from records.fields import OMITTED, Facts, Omitted

SERIAL_NUMBER_TAKEN = Refusal(
    Conflict, "serial_number_taken", "Another device has this serial number.", "Serial numbers ignore case and blanks."
)
DEVICE_RETIRED = Refusal(
    Conflict, "device_retired", "The device is retired.", "A retired device never changes and never returns."
)
ONLY_BY_DISPENSING = Refusal(
    Conflict,
    "only_by_dispensing",
    "Only the dispensing of a prescription moves stock to a patient.",
    "Dispense the prescription: `POST /api/staff/prescriptions/{prescription_id}/dispense`.",
)
ONLY_TRANSFERRED = Refusal(
    Conflict,
    "only_transferred",
    "Equipment has no stock: only a transfer moves it.",
    "Transfer the device. To retire it, change its `state`.",
)
ALREADY_EXPIRED = Refusal(
    Invalid,
    "already_expired",
    "The batch has expired: the hospital cannot receive it.",
    "Use the movement `adjust` for an expired batch that was found in stock.",
)
OTHER_EXPIRY = Refusal(
    Conflict,
    "other_expiry",
    "The batch is known with the expiry date {expires_on}.",
    "All units of a batch expire on the same day. Check both, the number and the date.",
)
NOT_OF_KIND = "Does not belong to this kind of item."
WHOLE_STRENGTH = "A strength has a value and a unit."
OTHER = Facts({"x-alone": True})
"""Mark: a field of devices or transfers. The examples of the documentation are about deliveries of medicines."""
FIELDS_OF_MEDICINES = ("substance", "unit", "strength_value", "strength_unit", "reorder_level")
FIELDS_OF_EQUIPMENT = ("serial_number", "next_service_on")


class AddItem(Command, service="clinical", roles=STOCK, returns=ItemView, refuses=(SERIAL_NUMBER_TAKEN,)):
    """Add a medicine, without stock at first, or a device.

    A medicine needs `unit`. With its strength, dispensing compares it with the prescribed dose. With a reorder level it
    is low until stock comes, which is not announced. A device needs `serial_number`, and starts in service.
    """

    kind: ItemKind
    name: Name
    substance: Substance | None = None
    unit: Unit | None = None
    strength_value: StrengthValue | None = None
    strength_unit: StrengthUnit | None = None
    reorder_level: Level | None = None
    serial_number: Annotated[SerialNumber, OTHER] | None = None
    location: Location | None = None
    next_service_on: Annotated[ServiceDate, OTHER] | None = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that the kind of the item lacks, or cannot have."""
        is_medicine = self.kind == ItemKind.MEDICINE
        needed = "unit" if is_medicine else "serial_number"
        if getattr(self, needed) is None:
            yield needed, "A medicine needs a unit, and a device a serial number."
        for name in FIELDS_OF_EQUIPMENT if is_medicine else FIELDS_OF_MEDICINES:
            if getattr(self, name) is not None:
                yield name, NOT_OF_KIND
        if (self.strength_value is None) != (self.strength_unit is None):
            yield "strength_unit", WHOLE_STRENGTH


class ChangeItem(
    Command,
    service="clinical",
    roles=STOCK,
    returns=ItemView,
    revised=True,
    refuses=(SERIAL_NUMBER_TAKEN, DEVICE_RETIRED),
):
    """Change an item. Omitted fields stay the same; null clears a field. Movements change the stock.

    A medicine has no serial number, state and service. A device has no substance, strength and reorder level. Value and
    unit of a strength change together.
    """

    item_id: Annotated[UUID, THE_ITEM]
    name: Name | Omitted = OMITTED
    substance: Substance | Omitted | None = OMITTED
    strength_value: StrengthValue | Omitted | None = OMITTED
    strength_unit: StrengthUnit | Omitted | None = OMITTED
    reorder_level: Level | Omitted | None = OMITTED
    serial_number: Annotated[SerialNumber, OTHER] | Omitted = OMITTED
    location: Location | Omitted | None = OMITTED
    next_service_on: Annotated[ServiceDate, OTHER] | Omitted | None = OMITTED
    state: Annotated[DeviceState, OTHER] | Omitted = OMITTED

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield a strength without its unit, or a unit without its strength."""
        value, unit = self.strength_value, self.strength_unit
        if (value is OMITTED) != (unit is OMITTED) or (value is None) != (unit is None):
            yield "strength_unit", WHOLE_STRENGTH


class MoveStock(
    Command,
    service="clinical",
    roles=STOCK,
    returns=StockView,
    refuses=(
        OUT_OF_STOCK,
        DEVICE_RETIRED,
        ONLY_BY_DISPENSING,
        ONLY_TRANSFERRED,
        ALREADY_EXPIRED,
        OTHER_EXPIRY,
        REASON_REQUIRED,
    ),
):
    """Move stock of an item: `receive` a delivery, `adjust` after counting, `waste`, `return` or `transfer`.

    Stock is that of the pharmacy. A transfer takes a medicine to another `location`, such as a ward; a return brings it
    back. Each movement of a medicine names its batch. A new batch needs `expires_on`, and comes by `receive`, or by
    `adjust` if it was found. `adjust` and `waste` need a reason. A device is only transferred, without a quantity.
    """

    item_id: Annotated[UUID, THE_ITEM]
    kind: MovementKind
    quantity: (
        Annotated[
            int, validate.Range(-MOST, MOST), "Positive; for `adjust` the difference, negative if less was found."
        ]
        | None
    ) = None
    batch: BatchNumber | None = None
    expires_on: ExpiryDate | None = None
    location: Annotated[Location, OTHER] | None = None
    reason: Reason | None = None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """Yield a quantity that the movement cannot have, and a location that it lacks or cannot have."""
        if self.quantity == 0:
            yield "quantity", "Must not be 0."
        if self.quantity is not None and self.quantity < 0 and self.kind != MovementKind.ADJUST:
            yield "quantity", "Must be positive, except for `adjust`."
        if (self.location is None) == (self.kind == MovementKind.TRANSFER):
            yield "location", "Required for `transfer`, and only for it."
