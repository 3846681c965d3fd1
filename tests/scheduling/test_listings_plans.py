"""Query plans of lists. PostgreSQL reads each list from an index in its order, so the cost does not grow with the rows.

The tests count pages, because the number is the same on every machine. `python -m bench.listing` measures times.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

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


@contextmanager
def filled_database(postgresql: PostgreSQL, name: str, fill: Callable[[Database], None]) -> Iterator[Session]:
    """Open a session on a new database, after `fill` has inserted its rows."""
    url = postgresql.create_database(name)
    database = Database(url)
    migrate("scheduling", database)
    fill(database)
    with database.read() as session:
        yield session
    database.close()
    postgresql.drop(url)


@pytest.fixture(scope="module")
def many_visits(postgresql: PostgreSQL) -> Iterator[Session]:
    """A database with 200,000 visits."""
    with filled_database(postgresql, "many_visits", partial(bulk_appointments.fill, visits=VISITS)) as session:
        yield session


@pytest.fixture(scope="module")
def many_shifts_and_tasks(postgresql: PostgreSQL) -> Iterator[Session]:
    """A database with 60,000 shifts and 60,000 tasks."""
    fill = partial(bulk_shifts.fill, rows=SHIFTS_AND_TASKS)
    with filled_database(postgresql, "many_shifts_and_tasks", fill) as session:
        yield session


def plan_problems(explained: bulk_appointments.Explained, index: str, statuses: int) -> list[str]:
    """Problems of a plan that must have one index scan for each status. Only the found rows may be sorted."""
    scans = len(re.findall(f"Index Scan (?:Backward )?using {index}", explained.plan))
    problems = {
        f"{scans} index scans for {statuses} statuses": scans != statuses,
        "reads the whole table": "Seq Scan" in explained.plan,
        "sorts a page of one status": statuses == 1 and "Sort" in explained.plan,
        f"reads {explained.buffers} pages": explained.buffers > MAX_PAGES * statuses,
    }
    return [f"{problem}: {explained.plan}" for problem, is_found in problems.items() if is_found]


def test_visit_lists_are_all_checked(many_visits: Session) -> None:
    assert list(bulk_appointments.named_lists(many_visits, VISITS)) == VISIT_LISTS


@pytest.mark.parametrize("name", VISIT_LISTS)
def test_visit_list_is_read_from_an_index_in_its_order(many_visits: Session, name: str) -> None:
    filters = bulk_appointments.named_lists(many_visits, VISITS)[name]
    explained = bulk_appointments.explain(many_visits, filters)
    assert plan_problems(explained, "ix_appointment_", len(filters.get("status") or [""])) == []


@pytest.mark.parametrize("name", [name for name in VISIT_LISTS if name != "patient, three days"])
def test_visit_list_fills_a_page(many_visits: Session, name: str) -> None:
    filters = bulk_appointments.named_lists(many_visits, VISITS)[name]
    assert len(bulk_appointments.list_page(many_visits, filters).items) == 20


def test_staff_lists_are_all_checked(many_shifts_and_tasks: Session) -> None:
    assert list(bulk_shifts.named_lists(many_shifts_and_tasks, SHIFTS_AND_TASKS)) == STAFF_LISTS


@pytest.mark.parametrize("name", STAFF_LISTS)
def test_staff_list_is_read_from_an_index_in_its_order(many_shifts_and_tasks: Session, name: str) -> None:
    request_page = bulk_shifts.named_lists(many_shifts_and_tasks, SHIFTS_AND_TASKS)[name]
    explained = bulk_appointments.explain_page(many_shifts_and_tasks, request_page)
    statuses = {"open tasks": 3, "tasks in two states, oldest first": 2}.get(name, 1)
    assert plan_problems(explained, "ix_(?:shift|task)_", statuses) == []


@pytest.mark.parametrize("name", STAFF_LISTS)
def test_staff_list_is_not_empty(many_shifts_and_tasks: Session, name: str) -> None:
    assert bulk_shifts.named_lists(many_shifts_and_tasks, SHIFTS_AND_TASKS)[name]().items
