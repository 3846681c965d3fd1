"""Databases with any number of visits, to measure the cost of lists. PostgreSQL makes the rows itself."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.sql import Literal
from sqlalchemy import text

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.scheduling.appointments.queries import ListAppointments
from services.scheduling.appointments import queries as lists
from tests.scheduling.recorded_sql import record_statements
from transports.engines import take_time

DOCTORS, PATIENTS = 100, 200
RARE = 40
"""The number of no-shows of the busy doctor. It does not grow with the number of visits."""
START, LENGTH = datetime(2001, 1, 1, tzinfo=UTC), timedelta(minutes=10)
"""Each visit begins when the visit before it ends, so no two visits overlap."""
_BASE = UUID("00000000-0000-7000-8000-000000000000").int
BUSY, OTHER, PATIENT = (UUID(int=_BASE + (kind << 32) + number) for kind, number in ((1, 0), (1, 7), (2, 3)))
"""A doctor who has a tenth of all visits, another doctor, and a patient."""
DESK = Actor(roles=frozenset({"receptionist"}))
Filters = Mapping[str, Any]


def id_of(kind: int, number: str) -> str:
    """SQL for the id with this number among the ids of a kind."""
    return f"('00000000-0000-7000-8000-' || lpad(to_hex({number} + {kind}::bigint * 4294967296), 12, '0'))::uuid"


def _statements(visits: int) -> list[str]:
    rare = visits // RARE
    doctor = f"CASE WHEN g % 10 = 0 THEN 0 ELSE 1 + g % {DOCTORS - 1} END"
    return [
        f"""
        INSERT INTO doctor (id, name, specialization, is_active, changed_by)
        SELECT {id_of(1, "g")}, 'Dr ' || g, 'general', true, g + 1 FROM generate_series(0, {DOCTORS - 1}) g
        """,  # noqa: S608  the values are constants
        f"""
        INSERT INTO appointment
            (id, doctor_id, patient_id, starts_at, ends_at, status, reason, revision, created_at, first_call)
        SELECT {id_of(3, "g")}, {id_of(1, f"({doctor})")}, {id_of(2, f"(g::bigint * 7919 % {PATIENTS})")},
            starts_at, starts_at + interval '10 minutes',
            CASE WHEN g % {rare} = 0 THEN 'no_show' WHEN g % 20 = 3 THEN 'cancelled' ELSE 'fulfilled' END,
            'check-up ' || g, 4, starts_at, g % {rare} = 0
        FROM (SELECT g, timestamptz '{START.isoformat()}' + g * interval '10 minutes' AS starts_at
              FROM generate_series(1, {visits}) g) series
        """,  # noqa: S608  the values are constants
        "VACUUM (FREEZE, ANALYZE) appointment",
    ]


def fill(database: Database, visits: int) -> None:
    """Fill an empty PostgreSQL database with this number of visits, a multiple of 400."""
    run(database, *_statements(visits))


def run(database: Database, *statements: str) -> None:
    """Execute the statements without a time limit. ANALYZE reads all rows, so plans are always the same."""
    with database.autocommit() as connection:
        take_time(connection)
        for statement in ("SET default_statistics_target = 700", *statements):
            connection.execute(text(statement))
        connection.invalidate()  # The next connection has its time limits again.


def fill_within(session: Session) -> None:
    """Insert 4,000 past visits, and about 2,000 booked and 200 requested future visits, in the open transaction."""
    hour, now = "interval '1 hour'", "date_trunc('hour', now())"
    session.execute(
        text(f"""
        INSERT INTO doctor (id, name, specialization, is_active, changed_by)
        SELECT {id_of(1, "g")}, 'Dr ' || g, 'general', true, g + 1 FROM generate_series(0, {DOCTORS - 1}) g
        """)  # noqa: S608  the values are constants
    )
    session.execute(
        text(f"""
        INSERT INTO appointment
            (id, doctor_id, patient_id, starts_at, ends_at, status, revision, created_at, requested_at, first_call)
        SELECT {id_of(3, "g")}, {id_of(1, f"(g % {DOCTORS})")}, {id_of(2, "g")}, {now} + (g - 4000) * {hour},
            {now} + (g - 3999) * {hour},
            CASE WHEN g <= 4000 THEN 'fulfilled' WHEN g % 11 = 0 THEN 'requested' ELSE 'booked' END,
            1, {now}, now() + g * {hour}, false
        FROM generate_series(1, 6200) g
        """)  # noqa: S608  the values are constants
    )
    session.execute(text("ANALYZE appointment, doctor"))


def plan_among_many(session: Session, statement: str, values: Any) -> str:
    """The plan of a statement in a database with many visits, which this function inserts."""
    if not session.scalar(text("SELECT count(*) FROM appointment WHERE status = 'fulfilled'")):
        fill_within(session)
    return "\n".join(row[0] for row in session.core.exec_driver_sql(f"EXPLAIN {statement}", values))


def list_page(session: Session, filters: Filters) -> Page:
    """A page of 20 visits."""
    everything = dict.fromkeys(("doctor_id", "patient_id", "status", "from_", "to", "cursor"))
    return lists.of_all(session, DESK, ListAppointments(limit=20, **{**everything, "order": "desc", **filters}))


def named_lists(session: Session, visits: int) -> dict[str, Filters]:
    """The lists that callers request, in a database with this number of visits."""
    middle, doctor = START + visits // 2 * LENGTH, {"doctor_id": BUSY}
    deep = list_page(session, {**doctor, "to": middle}).next
    days = {"from_": middle - timedelta(days=3), "to": middle}
    return {
        "busy doctor": doctor,
        "busy doctor, half-way": {**doctor, "cursor": deep},
        "busy doctor, one state": {**doctor, "status": ["fulfilled"]},
        "busy doctor, a rare state": {**doctor, "status": ["no_show"]},
        "busy doctor, three days": {**doctor, **days},
        "busy doctor, three days, half-way": {**doctor, **days, "cursor": deep},
        "busy doctor, three days, one state": {**doctor, **days, "status": ["fulfilled"]},
        "other doctor": {"doctor_id": OTHER},
        "patient": {"patient_id": PATIENT},
        "patient, three days": {"patient_id": PATIENT, **days},
        "all": {},
        "all, three days": days,
        "all, a rare state": {"status": ["no_show"]},
        "all, three days, one state": {**days, "status": ["fulfilled"]},
        "all, first call": {"first_call": True},
        "busy doctor, first call": {**doctor, "first_call": True},
        "all, earliest first": {"order": "asc", "from_": middle},
        "patient, earliest first": {"patient_id": PATIENT, "order": "asc", "from_": middle},
        "busy doctor, two states": {**doctor, "status": ["fulfilled", "no_show"]},
        "all, two rare states": {"status": ["no_show", "requested"]},
        "all, three states, earliest first": {"status": ["no_show", "fulfilled", "booked"], "order": "asc"},
    }


class Explained(NamedTuple):
    """The plan of a list, and the number of 8 KiB pages that PostgreSQL read."""

    plan: str
    buffers: int


def explain(session: Session, filters: Filters) -> Explained:
    """Explain a list of visits."""
    return explain_page(session, lambda: list_page(session, filters))


def explain_page(session: Session, request_page: Callable[[], Page]) -> Explained:
    """Explain the page of a list, with the generic plan, without the subqueries that look up names for its rows."""
    with record_statements(session) as sent:
        request_page()
    statement, values = sent[0]
    connection: Any = session.core.connection.driver_connection
    given = ", ".join(Literal(value).as_string(connection) for value in values.values())
    connection.execute(f"PREPARE list AS {_numbered(statement, list(values))}")
    rows = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE list({given})").fetchall()
    connection.execute("DEALLOCATE list")
    plan = "\n".join(row[0] for row in rows)
    plan = plan[plan.index("Limit") :].partition("SubPlan")[0]
    top = plan.partition("  ->")[0]
    return Explained(plan, sum(map(int, re.findall(r"(?:hit|read)=(\d+)", top))))


def _numbered(statement: str, names: list[str]) -> str:
    """The statement with the placeholders of PostgreSQL, in the order of the names."""
    return re.sub(r"%\((\w+)\)s", lambda match: f"${names.index(match[1]) + 1}", statement)
