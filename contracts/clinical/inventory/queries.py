"""Queries of the inventory: items, ledgers, recipients of a batch, and alerts."""

from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import PageQuery, Query, page_of
from contracts.clinical.inventory.views import (
    STOCK,
    THE_ITEM,
    BatchNumber,
    DeviceState,
    ItemKind,
    ItemRowView,
    ItemView,
    MovementView,
    RecipientView,
    StockAlertKind,
    StockAlertView,
)

MOST_DAYS = 3_650
Filter = Annotated[bool, "`true`: only such items; `false`: only the others."]


class ListItems(PageQuery, service="clinical", roles=STOCK, returns=page_of(ItemRowView)):
    """List the items of the inventory by name. All given filters must match."""

    kind: Annotated[ItemKind, "Only items of this kind."] | None = None
    state: Annotated[DeviceState, "Only devices in this state."] | None = None
    text: Annotated[str, validate.Length(2, 200), "A part of the name, the substance or the serial number."] | None = (
        None
    )
    low: Filter | None = None
    expiring_within: (
        Annotated[int, validate.Range(0, MOST_DAYS), "Only items with a usable batch that expires in so many days."]
        | None
    ) = None
    service_overdue: Filter | None = None


class GetItem(Query, service="clinical", roles=STOCK, returns=ItemView):
    """Get an item with its batches."""

    item_id: Annotated[UUID, THE_ITEM]


class ListMovements(PageQuery, service="clinical", roles=STOCK, returns=page_of(MovementView)):
    """List the movements of an item, newest first."""

    item_id: Annotated[UUID, THE_ITEM]
    batch: Annotated[BatchNumber, "Only movements of this batch."] | None = None


class ListRecipients(PageQuery, service="clinical", roles=STOCK, returns=page_of(RecipientView), audited=True):
    """List the patients who got medicines of a batch, by name, for a recall.

    Each patient sees the reading in the access log.
    """

    item_id: Annotated[UUID, THE_ITEM]
    batch: BatchNumber


class ListStockAlerts(PageQuery, service="clinical", roles=STOCK, returns=page_of(StockAlertView)):
    """List low stock, batches that expire within 60 days or have expired, and overdue services, most urgent first."""

    kind: Annotated[StockAlertKind, "Only alerts of this kind."] | None = None
