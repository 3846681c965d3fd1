"""A list costs the same however many rows there are: PostgreSQL finds it by an index that has its order.

Pages read are counted here, since they are the same on every machine; `python -m bench.listing` takes the time.
"""

import re
from collections.abc import Iterator

import pytest

from chassis.persistence.database import Database, Session
from matron.migrations import migrate
from tests.scheduling import crowd, rota_crowd
from tests.servers import PostgreSQL

pytestmark = pytest.mark.servers

VISITS = 200_000
MOST_PAGES = 40
"""21 rows, each in another page at worst, and the few pages of the index above them."""
QUESTIONS = [
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
OF_THE_STAFF = [
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
def crowded(postgresql: PostgreSQL) -> Iterator[Session]:
    """A database with 200,000 visits."""
    url = postgresql.create_database("crowded")
    database = Database(url)
    migrate("scheduling", database)
    crowd.fill(database, VISITS)
    with database.read() as session:
        yield session
    database.close()
    postgresql.drop(url)


def test_every_kind_of_list_is_looked_at(crowded: Session) -> None:
    assert list(crowd.questions(crowded, VISITS)) == QUESTIONS


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_list_is_read_off_an_index_in_its_order(crowded: Session, question: str) -> None:
    found = crowd.explained(crowded, crowd.questions(crowded, VISITS)[question])
    _check(found, "ix_appointment_", len(crowd.questions(crowded, VISITS)[question].get("status") or [""]))


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "patient, three days"])
def test_lists_that_are_measured_are_full(crowded: Session, question: str) -> None:
    assert len(crowd.listed(crowded, crowd.questions(crowded, VISITS)[question]).items) == 20


def _check(found: crowd.Explained, index: str, states: int) -> None:
    """Each state has a page of its own, read off an index; only those pages are put in one order afterwards."""
    assert len(re.findall(f"Index Scan (?:Backward )?using {index}", found.plan)) == states, found.plan
    assert "Seq Scan" not in found.plan
    assert states > 1 or "Sort" not in found.plan
    assert found.buffers <= MOST_PAGES * states, found.plan


@pytest.fixture(scope="module")
def staffed(postgresql: PostgreSQL) -> Iterator[Session]:
    """A database with 60,000 shifts, and as many tasks."""
    url = postgresql.create_database("staffed")
    database = Database(url)
    migrate("scheduling", database)
    rota_crowd.fill(database, SHIFTS_AND_TASKS)
    with database.read() as session:
        yield session
    database.close()
    postgresql.drop(url)


def test_every_kind_of_list_of_the_staff_is_looked_at(staffed: Session) -> None:
    assert list(rota_crowd.questions(staffed, SHIFTS_AND_TASKS)) == OF_THE_STAFF


@pytest.mark.parametrize("question", OF_THE_STAFF)
def test_a_list_of_the_staff_is_read_off_an_index_in_its_order(staffed: Session, question: str) -> None:
    asking = rota_crowd.questions(staffed, SHIFTS_AND_TASKS)[question]
    states = {"open tasks": 3, "tasks in two states, oldest first": 2}.get(question, 1)
    _check(crowd.explained_of(staffed, asking), "ix_(?:shift|task)_", states)
    assert asking().items
