"""Notifications about low and expiring stock."""

import pytest
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.clinical.inventory.events import StockExpiring, StockLow
from tests.events import example_of
from tests.notify.factories import change_admin, handle, heard, notified


@pytest.mark.parametrize("kind", [StockLow, StockExpiring])
def test_stock_alert_notifies_all_recipients_once(session: Session, kind: type[StockLow | StockExpiring]) -> None:
    people = [uuid7(), uuid7()]
    event = example_of(kind, recipient_ids=people)
    actor = heard(session, event.event_name(), subject=event.item_id)
    for _time in range(2):
        handle(session, actor, event)
    rows = notified(session, actor)
    assert sorted(row.person_id for row in rows) == people
    assert {(row.kind, row.subject_type, row.subject_id) for row in rows} == {
        (event.event_name(), "item", event.item_id)
    }


@pytest.mark.parametrize("kind", [StockLow, StockExpiring])
def test_stock_alert_notifies_admins_too(session: Session, kind: type[StockLow | StockExpiring]) -> None:
    admin_id, pharmacist_id = uuid7(), uuid7()
    change_admin(session, admin_id)
    event = example_of(kind, recipient_ids=[pharmacist_id])
    actor = heard(session, event.event_name(), subject=event.item_id)
    handle(session, actor, event)
    assert {row.person_id for row in notified(session, actor)} == {admin_id, pharmacist_id}
