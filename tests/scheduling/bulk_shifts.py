"""Databases with any number of shifts and tasks, to measure the cost of lists."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from chassis.contract import Page
from chassis.persistence.database import Database, Session
from services.scheduling import tasks
from services.scheduling.shifts import queries as shift_queries
from tests.perform import perform
from tests.scheduling.bulk_appointments import BUSY, LENGTH, OTHER, PATIENT, START, id_of, run
from tests.scheduling.staff_factories import ADMIN

PEOPLE, RARE = 100, 40
"""The number of people, and the number of rows in a rare state. The rare rows do not grow with the rest."""
Filters = Mapping[str, Any]


def fill(database: Database, rows: int) -> None:
    """Fill an empty PostgreSQL database with this number of shifts, and the same number of tasks."""
    owner = id_of(1, f"(CASE WHEN g % 10 = 0 THEN 0 ELSE 1 + g % {PEOPLE - 1} END)")
    rare = rows // RARE
    series = f"""
        FROM (SELECT g, timestamptz '{START.isoformat()}' + g * interval '10 minutes' AS moment
              FROM generate_series(1, {rows}) g) series
        """  # noqa: S608  the values are constants
    statements = (
        f"""
        INSERT INTO shift (id, person_id, ward, starts_at, ends_at, status, revision, created_at)
        SELECT {id_of(4, "g")}, {owner}, CASE WHEN g % {rare} = 0 THEN 'Attic' ELSE 'Ward ' || g % 7 END,
            moment, moment + interval '10 minutes',
            CASE WHEN g % {rare} = 10 THEN 'cancelled' ELSE 'assigned' END, 1, moment {series}
        """,
        f"""
        INSERT INTO task (id, title, owner_id, given_by, patient_id, priority, status, revision, created_at)
        SELECT {id_of(5, "g")}, 'Count ' || g, {owner}, {id_of(1, "0")}, {id_of(2, "(g % 200)")}, 'routine',
            CASE WHEN g % {rare} = 0 THEN 'requested' ELSE 'completed' END, 1, moment {series}
        """,
        "VACUUM (FREEZE, ANALYZE) shift",
        "VACUUM (FREEZE, ANALYZE) task",
    )
    run(database, *statements)


def named_lists(session: Session, rows: int) -> dict[str, Callable[[], Page]]:
    """The lists that callers request, in a database with this number of shifts and tasks."""
    of_shift, of_task = ("person_id", "ward", "status", "from_", "to"), ("owner_id", "patient_id", "status")
    middle = START + rows // 2 * LENGTH
    days = {"from_": middle - timedelta(days=3), "to": middle}
    of_shifts: dict[str, Filters] = {
        "all shifts": {},
        "a week of shifts, earliest first": {**days, "order": "asc"},
        "a ward": {"ward": "Ward 3"},
        "a rare ward": {"ward": "Attic"},
        "a ward in three days": {"ward": "Ward 3", **days},
        "a busy person": {"person_id": BUSY},
        "a person from now on": {"person_id": OTHER, "from_": middle, "order": "asc"},
        "a colleague from now on": {"person_id": BUSY, "status": ["assigned"], "from_": middle, "order": "asc"},
        "cancelled shifts": {"status": ["cancelled"]},
        "cancelled shifts of a busy person": {"person_id": BUSY, "status": ["cancelled"]},
    }
    of_tasks: dict[str, Filters] = {
        "all tasks": {},
        "tasks in a rare state": {"status": ["requested"]},
        "tasks in two states, oldest first": {"status": ["requested", "completed"], "order": "asc"},
        "open tasks": {"status": ["requested", "accepted", "in_progress"]},
        "a busy owner": {"owner_id": BUSY},
        "a busy owner in a rare state": {"owner_id": BUSY, "status": ["requested"]},
        "a patient": {"patient_id": PATIENT},
    }
    return {
        **{
            name: _page_request(session, shift_queries.listing, of_shift, filters)
            for name, filters in of_shifts.items()
        },
        **{name: _page_request(session, tasks.listing, of_task, filters) for name, filters in of_tasks.items()},
    }


def _page_request(
    session: Session, listing: Callable[..., Page], names: tuple[str, ...], filters: Filters
) -> Callable[[], Page]:
    everything = {**dict.fromkeys(names), "order": "desc", "limit": 20, "cursor": None, **filters}
    return lambda: perform(listing, session, ADMIN, **everything)
