"""Query plans of lists. PostgreSQL reads each list from an index in its order, so the cost does not grow with the rows.

The tests count pages, because the number is the same on every machine. `python -m bench.listing` measures times.
"""

import re
from collections.abc import Iterator

import pytest

from chassis.persistence.database import Database, Session
from matron.migrations import migrate
from tests.scheduling import bulk_appointments, bulk_shifts
from tests.servers import PostgreSQL

pytestmark = pytest.mark.servers

VISITS = 200_000
MAX_PAGES = 40
"""At worst 21 rows in different pages, and the upper pages of the index."""
VISIT_LISTS = [
    "busy doctor",
    "busy doctor, half-way",
    "busy doctor, one state",
    "busy doctor, a rare state",
    "busy doctor, three days",
    "busy doctor, three days, half-way",
    "busy doctor, three days, one state",
    "other doctor",
    "patient",
    "patient, three days",
    "all",
    "all, three days",
    "all, a rare state",
    "all, three days, one state",
    "all, first call",
    "busy doctor, first call",
    "all, earliest first",
    "patient, earliest first",
    "busy doctor, two states",
    "all, two rare states",
    "all, three states, earliest first",
]
SHIFTS_AND_TASKS = 60_000
STAFF_LISTS = [
    "all shifts",
    "a week of shifts, earliest first",
    "a ward",
    "a rare ward",
    "a ward in three days",
    "a busy person",
    "a person from now on",
    "a colleague from now on",
    "cancelled shifts",
    "cancelled shifts of a busy person",
    "all tasks",
    "tasks in a rare state",
    "tasks in two states, oldest first",
    "open tasks",
    "a busy owner",
    "a busy owner in a rare state",
    "a patient",
]


@pytest.fixture(scope="module")
def many_visits(postgresql: PostgreSQL) -> Iterator[Session]:
    """A database with 200,000 visits."""
    url = postgresql.create_database("crowded")
    database = Database(url)
    migrate("scheduling", database)
    bulk_appointments.fill(database, VISITS)
    with database.read() as session:
        yield session
    database.close()
    postgresql.drop(url)


def test_visit_lists_are_all_checked(many_visits: Session) -> None:
    assert list(bulk_appointments.named_lists(many_visits, VISITS)) == VISIT_LISTS


@pytest.mark.parametrize("name", VISIT_LISTS)
def test_visit_list_is_read_from_an_index_in_its_order(many_visits: Session, name: str) -> None:
    explained = bulk_appointments.explain(many_visits, bulk_appointments.named_lists(many_visits, VISITS)[name])
    _check_plan(
        explained,
        "ix_appointment_",
        len(bulk_appointments.named_lists(many_visits, VISITS)[name].get("status") or [""]),
    )


@pytest.mark.parametrize("name", [name for name in VISIT_LISTS if name != "patient, three days"])
def test_visit_list_fills_a_page(many_visits: Session, name: str) -> None:
    assert (
        len(bulk_appointments.list_page(many_visits, bulk_appointments.named_lists(many_visits, VISITS)[name]).items)
        == 20
    )


def _check_plan(explained: bulk_appointments.Explained, index: str, states: int) -> None:
    """Assert one index scan for each status. Only the found rows may be sorted afterwards."""
    assert len(re.findall(f"Index Scan (?:Backward )?using {index}", explained.plan)) == states, explained.plan
    assert "Seq Scan" not in explained.plan
    assert states > 1 or "Sort" not in explained.plan
    assert explained.buffers <= MAX_PAGES * states, explained.plan


@pytest.fixture(scope="module")
def many_shifts_and_tasks(postgresql: PostgreSQL) -> Iterator[Session]:
    """A database with 60,000 shifts and 60,000 tasks."""
    url = postgresql.create_database("staffed")
    database = Database(url)
    migrate("scheduling", database)
    bulk_shifts.fill(database, SHIFTS_AND_TASKS)
    with database.read() as session:
        yield session
    database.close()
    postgresql.drop(url)


def test_staff_lists_are_all_checked(many_shifts_and_tasks: Session) -> None:
    assert list(bulk_shifts.named_lists(many_shifts_and_tasks, SHIFTS_AND_TASKS)) == STAFF_LISTS


@pytest.mark.parametrize("name", STAFF_LISTS)
def test_staff_list_is_read_from_an_index_in_its_order(many_shifts_and_tasks: Session, name: str) -> None:
    request_page = bulk_shifts.named_lists(many_shifts_and_tasks, SHIFTS_AND_TASKS)[name]
    states = {"open tasks": 3, "tasks in two states, oldest first": 2}.get(name, 1)
    _check_plan(bulk_appointments.explain_page(many_shifts_and_tasks, request_page), "ix_(?:shift|task)_", states)
    assert request_page().items
