"""Query plans of histories: the cost of a page does not grow with the length of the history.

The tests count statements and pages, because the numbers are the same on every machine.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.clinical.history import GetMyHistory
from matron.migrations import migrate
from services.clinical.history import queries
from tests.clinical.explained import Explained, explain_statements
from tests.servers import PostgreSQL

pytestmark = pytest.mark.servers

PATIENTS = 200
"""Patients with a short history, which is spread over the same years as the long one."""
SHORT, LONG = 100, 10_000
PEOPLE, AUTHORS = 1_000, 50
MINUTES = 200
"""The time between two entries of the long history."""
START = datetime(2020, 1, 1, tzinfo=UTC)
MIDDLE = START + LONG * timedelta(minutes=MINUTES) / 2
_BASE = UUID("00000000-0000-7000-8000-000000000000").int
PATIENT_OF = {LONG: UUID(int=_BASE), SHORT: UUID(int=_BASE + 1)}
"""A patient with this number of entries. The others with a short history follow."""
PAGES = {
    "newest": {},
    "oldest first": {"order": "asc"},
    "from the middle": {"to": MIDDLE},
    "a kind": {"kind": ["vitals"]},
    "two kinds": {"kind": ["vitals", "diagnosis"]},
    "a rare kind": {"kind": ["allergy"]},
}
"""The filters of each page."""


def id_of(kind: int, number: str) -> str:
    """Return SQL for the id with a number among the ids of a kind."""
    return f"('00000000-0000-7000-{kind}-' || lpad(to_hex({number}), 12, '0'))::uuid"


def entries(patients: str, each: int) -> str:
    """Return the query of the entries of these patients. Each record has two versions."""
    return f"""
        SELECT gen_random_uuid() AS id, {id_of(8000, "p")},
            CASE WHEN g % {each // 2} = 0 THEN 'allergy' WHEN g / 2 % 3 = 0 THEN 'vitals' ELSE 'diagnosis' END,
            uuid_in(md5(text(p) || '-' || text(g / 2))::cstring), 1 + g % 2,
            timestamptz '{START.isoformat()}' + g * interval '{MINUTES * LONG // each} minutes',
            'Entry ' || g, json_build_object('status', 'active'), {id_of(9000, f"g % {AUTHORS}")}
        FROM generate_series(1, {each}) g, generate_series({patients}) p
    """  # noqa: S608  the values are constants


STATEMENTS = (
    f"INSERT INTO person SELECT {id_of(9000, 'g')}, 'Dr ' || g, 1 FROM generate_series(0, {PEOPLE - 1}) g",  # noqa: S608  as above
    f"""
    INSERT INTO history_entry (id, patient_id, kind, record_id, version, at, title, details, author_id)
    SELECT * FROM ({entries("0, 0", LONG)} UNION ALL {entries(f"1, {PATIENTS}", SHORT)}) made ORDER BY id
    """,  # noqa: S608  as above
    "VACUUM (FREEZE, ANALYZE)",
)
"""Fill the database. The rows are in random order, so that no history has its rows in neighbouring pages."""


@pytest.fixture(scope="module")
def histories(postgresql: PostgreSQL) -> Iterator[Session]:
    """Yield a session on a database with one long history and 200 short ones."""
    url = postgresql.create_database("histories")
    database = Database(url)
    migrate("clinical", database)
    with database.autocommit() as connection:
        for statement in STATEMENTS:
            connection.execute(text(statement))
    with database.read() as session:
        yield session
    database.close()
    postgresql.drop(url)


def page(session: Session, length: int, **filters: Any) -> Page:
    """Return 50 entries of a history of this length."""
    patient_id = PATIENT_OF[length]
    owner = Actor(id=patient_id, roles=frozenset({"patient"}), verified=True)
    return queries.of_own(session, owner, GetMyHistory(patient_id=patient_id, limit=50, **filters))


def explained(session: Session, length: int, name: str) -> list[Explained]:
    """Explain the statements of a page."""
    return explain_statements(session, lambda: page(session, length, **PAGES[name]))


@pytest.mark.parametrize("name", PAGES)
def test_page_of_long_history_reads_at_most_twice_the_pages(histories: Session, name: str) -> None:
    few, many = (sum(each.pages for each in explained(histories, length, name)) for length in (SHORT, LONG))
    assert 0 < many <= 2 * few, [each.plan for each in explained(histories, LONG, name)]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("length", [SHORT, LONG])
def test_page_takes_one_statement_for_any_length(histories: Session, length: int, name: str) -> None:
    assert len(explained(histories, length, name)) == 1


@pytest.mark.parametrize("name", PAGES)
def test_page_reads_no_whole_table(histories: Session, name: str) -> None:
    plans = [each.plan for each in explained(histories, LONG, name)]
    assert [plan for plan in plans if "Seq Scan on history_entry" in plan] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name != "a rare kind"])
def test_long_history_fills_a_page(histories: Session, name: str) -> None:
    assert len(page(histories, LONG, **PAGES[name]).items) == 50


def test_next_page_reads_as_many_pages_as_the_first(histories: Session) -> None:
    cursor = page(histories, LONG, to=MIDDLE).next
    first = explain_statements(histories, lambda: page(histories, LONG))
    later = explain_statements(histories, lambda: page(histories, LONG, to=MIDDLE, cursor=cursor))
    assert sum(each.pages for each in later) <= 1.2 * sum(each.pages for each in first)
