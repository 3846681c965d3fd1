"""A list costs the same however many visits there are: PostgreSQL finds it by an index that has its order.

Pages read are counted here, since they are the same on every machine; `python -m bench.listing` takes the time.
"""

from collections.abc import Iterator

import pytest

from chassis.database import Database, Session
from matron.migrations import migrate
from tests.scheduling import crowd
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
    assert "Index Scan Backward using ix_appointment_" in found.plan
    assert "Sort" not in found.plan
    assert "Seq Scan" not in found.plan
    assert found.buffers <= MOST_PAGES, found.plan


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "patient, three days"])
def test_lists_that_are_measured_are_full(crowded: Session, question: str) -> None:
    assert len(crowd.listed(crowded, crowd.questions(crowded, VISITS)[question]).items) == 20
