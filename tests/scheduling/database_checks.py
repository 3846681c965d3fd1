"""Comparison of the database with the reference model, and checks of the rules on the database alone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import combinations
from operator import itemgetter
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, select

from chassis.persistence.database import Database, Session
from chassis.persistence.tables import outbox
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from services.scheduling.models.appointments import Appointment, AppointmentChange
from services.scheduling.models.availability import TimeOff
from tests.scheduling.reference_model import ACTIVE, TO_COME, Model

VISIT, CHANGE, AWAY = (cast("Table", model.__table__) for model in (Appointment, AppointmentChange, TimeOff))
OPTIONAL_FIELDS = ("status", "former_doctor_id", "late", "changed", "by", "overbooked")
"""Fields that only some events have."""
OPEN = OpenAppointmentChanged.event_name()


class DatabaseChecks:
    """Checks after each step. It reads each history row and each event once."""

    def __init__(self, database: Database, doctors: Sequence[UUID]) -> None:
        self.database, self.doctors = database, list(doctors)
        with database.read() as session:
            self.history_read_through = session.scalar(select(func.max(CHANGE.c.id))) or 0
            self.events_read_through = session.scalar(select(func.max(outbox.c.position))) or 0
        self.open_facts: dict[UUID, tuple[Any, ...]] = {}
        """The newest event about each open appointment: revision, doctor, and end or None."""

    def check(self, model: Model) -> None:
        """Raise AssertionError if the database differs from the model, or if it breaks a rule."""
        with self.database.read() as session:
            rows, times_off = self._visits(session), self._times_off(session)
            history, events = self._history(session), self._events(session)
        _check_same([tuple(row) for row in rows], [(visit.id, *visit.row) for visit in model.visits.values()])
        _check_same(times_off.items(), model.times_off.items())
        _check_overlaps(rows)
        _check_times_off([row for row in rows if row.ends_at > model.now], times_off.values())
        expected_history, expected_events = model.take_new_changes()
        _check_same(history, expected_history)
        _check_same(events, expected_events)
        self._check_open(rows)

    def _check_open(self, rows: Sequence[Any]) -> None:
        """Assert that the events about open appointments agree with the rows."""
        expected = {row.id: (row.doctor_id, row.ends_at if row.status in ACTIVE else None) for row in rows}
        assert {key: self.open_facts.get(key, (0,))[1:] for key in expected} == expected

    def _visits(self, session: Session) -> Sequence[Any]:
        column = VISIT.c
        times = (column.starts_at, column.ends_at)
        columns = (column.id, column.doctor_id, column.patient_id, *times, column.status)
        query = select(*columns, column.overbooked, column.first_call, column.revision)
        query = query.where(column.doctor_id.in_(self.doctors))
        return session.core.execute(query).all()

    def _times_off(self, session: Session) -> dict[UUID, tuple[UUID, datetime, datetime]]:
        query = select(AWAY.c.id, AWAY.c.doctor_id, AWAY.c.starts_at, AWAY.c.ends_at)
        found = session.core.execute(query.where(AWAY.c.doctor_id.in_(self.doctors))).all()
        return {row.id: tuple(row)[1:] for row in found}

    def _history(self, session: Session) -> list[tuple[Any, ...]]:
        """The new rows of the history."""
        column = CHANGE.c
        facts = (column.starts_at, column.ends_at, column.overbooked, column.changed)
        columns = (column.id, column.appointment_id, column.revision, column.status, column.doctor_id, *facts)
        found = session.core.execute(select(*columns).where(column.id > self.history_read_through)).all()
        self.history_read_through = max((row.id for row in found), default=self.history_read_through)
        return [tuple(row)[1:] for row in found]

    def _events(self, session: Session) -> list[tuple[Any, ...]]:
        """The new events, each as a row to compare."""
        found = session.core.execute(select(outbox).where(outbox.c.position > self.events_read_through)).all()
        self.events_read_through = max((row.position for row in found), default=self.events_read_through)
        for row in found:
            if row.name == OPEN:
                self._note_open(row)
        return [_event_row(row) for row in found if row.name != OPEN]

    def _note_open(self, row: Any) -> None:
        """Keep the event if its revision is the newest of its appointment."""
        appointment_id, ends_at = UUID(row.subject), row.data["ends_at"]
        fact = (row.data["revision"], UUID(row.data["doctor_id"]), ends_at and datetime.fromisoformat(ends_at))
        self.open_facts[appointment_id] = max(self.open_facts.get(appointment_id, (0,)), fact, key=itemgetter(0))


def _check_same(found: Iterable[Any], wanted: Iterable[Any]) -> None:
    """Assert that both have the same items equally often, in any order."""
    actual, expected = Counter(map(str, found)), Counter(map(str, wanted))
    assert actual == expected, f"unexpected: {dict(actual - expected)}, missing: {dict(expected - actual)}"


def _event_row(row: Any) -> tuple[Any, ...]:
    data = row.data
    assert row.subject == data["appointment_id"]
    starts_at, ends_at = (datetime.fromisoformat(data[name]) for name in ("starts_at", "ends_at"))
    ids = (UUID(data["doctor_id"]), UUID(data["patient_id"]))
    more = {name: data[name] for name in OPTIONAL_FIELDS if name in data}
    return (UUID(row.subject), row.name, data["revision"], starts_at, ends_at, *ids, more)


def _check_overlaps(rows: Sequence[Any]) -> None:
    """Assert that no person has two visits at once. Only the doctor of an overbooked visit may."""
    assert not [row for row in rows if row.doctor_id == row.patient_id]
    for first, second in combinations([row for row in rows if row.status in ACTIVE], 2):
        if first.starts_at < second.ends_at and second.starts_at < first.ends_at:
            assert {first.patient_id, first.doctor_id}.isdisjoint({second.patient_id}), (first, second)
            assert first.patient_id != second.doctor_id, (first, second)
            assert first.doctor_id != second.doctor_id or first.overbooked or second.overbooked, (first, second)


def _check_times_off(rows: Iterable[Any], times_off: Iterable[tuple[UUID, datetime, datetime]]) -> None:
    """Assert that no open visit of a doctor lies in a time off of the doctor."""
    open_rows = [row for row in rows if row.status in TO_COME]
    for doctor_id, starts_at, ends_at in times_off:
        overlapping = [row for row in open_rows if row.starts_at < ends_at and starts_at < row.ends_at]
        assert not [row for row in overlapping if row.doctor_id == doctor_id], overlapping
