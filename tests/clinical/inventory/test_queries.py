"""Lists of items, the ledger of an item, and the recipients of a batch."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserRegistered
from contracts.clinical.inventory.queries import GetItem, ListItems, ListMovements, ListRecipients
from contracts.clinical.inventory.views import ItemRowView
from services.clinical.directory import people
from services.clinical.inventory import batches, queries
from tests.clinical.factories import erase, heard, registered, statements
from tests.clinical.inventory.factories import device, expired, in_days, medicine, moved, pharmacist
from tests.events import example_of


def listed(session: Session, **filters: Any) -> list[str]:
    page = queries.listing(session, pharmacist(), ListItems(**filters))
    return [row.name for row in page.items]


def ledger(session: Session, item_id: UUID, **filters: Any) -> list[Any]:
    session.flush()
    return queries.list_movements(session, pharmacist(), ListMovements(item_id=item_id, **filters)).items


def recipients(session: Session, item_id: UUID, batch: str = "A", **window: Any) -> Any:
    session.flush()
    query = ListRecipients(item_id=item_id, batch=batch, **window)
    return queries.list_recipients(session, pharmacist(), query)


def test_items_are_listed_by_name_without_case(session: Session) -> None:
    for name in ("paracetamol", "Amoxicillin", "Ibuprofen"):
        medicine(session, name=name)
    assert listed(session) == ["Amoxicillin", "Ibuprofen", "paracetamol"]


def test_pages_of_items_follow_each_other(session: Session) -> None:
    for name in "CABED":
        medicine(session, name=name)
    query = ListItems(limit=3)
    first = queries.listing(session, pharmacist(), query)
    assert [row.name for row in first.items] == ["A", "B", "C"]
    assert listed(session, cursor=first.next) == ["D", "E"]


@pytest.mark.parametrize("text", ["500 MG", "AMOXI", "%", "_"])
def test_items_are_found_by_part_of_name_or_substance(session: Session, text: str) -> None:
    medicine(session)
    medicine(session, name="100 % _", substance=None)
    assert listed(session, text=text) == ["100 % _" if text in "%_" else "Amoxicillin 500 mg capsule"]


def test_items_are_filtered_by_kind_and_state(session: Session) -> None:
    medicine(session)
    device(session)
    assert listed(session, kind="equipment") == listed(session, state="in_service") == ["Infusion pump"]
    assert listed(session, state="retired") == []


def test_low_items_are_filtered(session: Session) -> None:
    moved(session, medicine(session, name="Enough", reorder_level=5), "receive", 5)
    moved(session, medicine(session, name="Low", reorder_level=6), "receive", 5)
    medicine(session, name="Without level")
    assert listed(session, low=True) == ["Low"]
    assert listed(session, low=False) == ["Enough", "Without level"]


def test_expired_stock_does_not_count_for_the_level(session: Session) -> None:
    expired(session, medicine(session, name="Expired", reorder_level=5), "OLD", 50)
    assert listed(session, low=True) == ["Expired"]


@pytest.mark.parametrize(("days", "found"), [(59, False), (60, True), (61, True)])
def test_items_that_expire_soon_are_filtered(session: Session, days: int, *, found: bool) -> None:
    moved(session, medicine(session, name="Soon"), "receive", 5, expires_on=in_days(60))
    expired(session, medicine(session, name="Expired"), "OLD", 50)
    assert listed(session, expiring_within=days) == (["Soon"] if found else [])


def test_overdue_devices_are_filtered(session: Session) -> None:
    device(session, name="Late", serial_number="1", next_service_on=in_days(-1))
    device(session, name="Today", serial_number="2", next_service_on=in_days(0))
    device(session, name="Never", serial_number="3")
    assert listed(session, service_overdue=True) == ["Late"]
    assert listed(session, service_overdue=False) == ["Never", "Today"]


def test_listed_item_shows_its_stock(session: Session) -> None:
    item_id = medicine(session, reorder_level=10)
    moved(session, item_id, "receive", 5)
    expired(session, item_id, "OLD", 3)
    (row,) = queries.listing(session, pharmacist(), ListItems()).items
    shown = queries.get(session, pharmacist(), GetItem(item_id=item_id))
    assert {name: getattr(row, name) for name in ItemRowView.declared()} == {
        name: shown[name] for name in ItemRowView.declared()
    }
    assert (row.quantity, row.usable_quantity, row.earliest_expiry) == (8, 5, in_days(-1))


def test_list_of_items_costs_one_statement(session: Session) -> None:
    for number in range(5):
        moved(session, medicine(session, name=f"Medicine {number}"), "receive", 5)
    session.flush()
    with statements(session) as sent:
        assert len(listed(session)) == 5
    assert len(sent) == 1


def test_unknown_item_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        queries.get(session, pharmacist(), GetItem(item_id=uuid7()))
    with pytest.raises(NotFound):
        ledger(session, uuid7())
    assert listed(session) == []


def test_ledger_lists_movements_newest_first(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    moved(session, item_id, "waste", 2, batch="A", reason="Broken")
    moved(session, item_id, "transfer", 3, batch="A", location="Ward 2")
    found = [(row.kind, row.quantity, row.batch, row.reason, row.location) for row in ledger(session, item_id)]
    assert found == [
        ("transfer", -3, "A", None, "Ward 2"),
        ("waste", -2, "A", "Broken", None),
        ("receive", 20, "A", None, None),
    ]


def test_ledger_names_its_authors_in_one_statement_more(session: Session) -> None:
    author = pharmacist()
    event = example_of(UserRegistered, user_id=author.person, name="Piotr Nowak")
    heard(session)
    people.copy_name(session, event)
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    batches.take(session, author, item_id, 1, uuid7(), uuid7())
    session.flush()
    with statements(session) as sent:
        assert [row.author_name for row in ledger(session, item_id)] == ["Piotr Nowak", None]
    assert len(sent) == 2


def test_ledger_is_filtered_by_batch(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    moved(session, item_id, "receive", 7, batch="B")
    assert [row.quantity for row in ledger(session, item_id, batch="B")] == [7]


def test_recall_lists_every_recipient_of_a_batch_by_name(session: Session) -> None:
    item_id, actor = medicine(session), pharmacist()
    moved(session, item_id, "receive", 20)
    moved(session, item_id, "receive", 20, batch="LATER", expires_on=in_days(500))
    rao = registered(session, family_name="Rao")
    carter = registered(session, given_name="Ben", family_name="Carter", confirmed_new=True)
    for person, quantity in ((rao, 4), (carter, 15), (rao, 3)):
        batches.take(session, actor, item_id, quantity, uuid7(), person.id)
    found = [(row.name, row.mrn, row.quantity) for row in recipients(session, item_id).items]
    assert found == [("Asha Rao", rao.mrn, 5), ("Ben Carter", carter.mrn, 15)]
    assert [row.quantity for row in recipients(session, item_id, "LATER").items] == [2]


def test_recall_goes_on_at_the_cursor(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    for name in ("Cy", "Al", "Bo"):
        person = registered(session, given_name=name, confirmed_new=True)
        batches.take(session, pharmacist(), item_id, 1, uuid7(), person.id)
    first = recipients(session, item_id, limit=2)
    rest = recipients(session, item_id, limit=2, cursor=first.next)
    assert [row.name for row in [*first.items, *rest.items]] == ["Al Rao", "Bo Rao", "Cy Rao"]


def test_recall_keeps_an_erased_patient_without_name(session: Session) -> None:
    item_id, person = medicine(session), registered(session)
    moved(session, item_id, "receive", 20)
    batches.take(session, pharmacist(), item_id, 4, uuid7(), person.id)
    erase(session, person.id)
    assert [(row.patient_id, row.name, row.quantity) for row in recipients(session, item_id).items] == [
        (person.id, None, 4)
    ]


def test_recall_is_noted_in_the_audit(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    recipients(session, item_id)
    assert ListRecipients.audited
    assert session.noted["record_id"] == item_id


def test_recall_enters_the_access_log_of_each_recipient(session: Session) -> None:
    item_id, person = medicine(session), registered(session)
    moved(session, item_id, "receive", 20)
    batches.take(session, pharmacist(), item_id, 4, uuid7(), person.id)
    session.appended.clear()
    recipients(session, item_id)
    [(_table, row)] = session.appended
    assert (row["patient_id"], row["part"], row["basis"]) == (person.id, "prescriptions", "pharmacy")


def test_recall_of_an_unknown_batch_is_not_found(session: Session) -> None:
    item_id = medicine(session)
    with pytest.raises(NotFound) as refusal:
        recipients(session, item_id, "NONE")
    assert refusal.value.code == "not_found"


def test_ledger_shows_no_patient(session: Session) -> None:
    item_id = medicine(session)
    moved(session, item_id, "receive", 20)
    batches.take(session, Actor(id=uuid7()), item_id, 4, uuid7(), uuid7())
    assert not {"patient_id", "name"} & set(ledger(session, item_id)[0]._fields)
