"""What the database has of the visits of a few doctors, held against the model, and against the rules themselves."""

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
from tests.scheduling.model import ACTIVE, TO_COME, Model

VISIT, CHANGE, AWAY = (cast("Table", model.__table__) for model in (Appointment, AppointmentChange, TimeOff))
MORE = ("status", "former_doctor_id", "late", "changed", "by", "overbooked")
"""What some events say besides what all of them do."""
OPEN = OpenAppointmentChanged.event_name()


class Evidence:
    """Reads what each step has written, and no row twice."""

    def __init__(self, database: Database, doctors: Sequence[UUID]) -> None:
        self.database, self.doctors = database, list(doctors)
        with database.read() as session:
            self.changed_through = session.scalar(select(func.max(CHANGE.c.id))) or 0
            self.said_through = session.scalar(select(func.max(outbox.c.position))) or 0
        self.published: dict[UUID, tuple[Any, ...]] = {}
        """The last event about each open appointment: revision, doctor, and end or None."""

    def check(self, model: Model) -> None:
        """AssertionError where the database and the model differ, or where either breaks the domain's rules."""
        with self.database.read() as session:
            rows, off = self._visits(session), self._times_off(session)
            history, events = self._history(session), self._events(session)
        _check_same([tuple(row) for row in rows], [(visit.id, *visit.row) for visit in model.visits.values()])
        _check_same(off.items(), model.off.items())
        _check_places(rows)
        _check_times_off([row for row in rows if row.ends_at > model.now], off.values())
        written, said = model.taken()
        _check_same(history, written)
        _check_same(events, said)
        self._check_open(rows)

    def _check_open(self, rows: Sequence[Any]) -> None:
        """The events about open appointments add up to the rows."""
        wanted = {row.id: (row.doctor_id, row.ends_at if row.status in ACTIVE else None) for row in rows}
        assert {key: self.published.get(key, (0,))[1:] for key in wanted} == wanted

    def _visits(self, session: Session) -> Sequence[Any]:
        one = VISIT.c
        shown = (one.id, one.doctor_id, one.patient_id, one.starts_at, one.ends_at, one.status)
        query = select(*shown, one.overbooked, one.first_call, one.revision).where(one.doctor_id.in_(self.doctors))
        return session.core.execute(query).all()

    def _times_off(self, session: Session) -> dict[UUID, tuple[UUID, datetime, datetime]]:
        query = select(AWAY.c.id, AWAY.c.doctor_id, AWAY.c.starts_at, AWAY.c.ends_at)
        found = session.core.execute(query.where(AWAY.c.doctor_id.in_(self.doctors))).all()
        return {row.id: tuple(row)[1:] for row in found}

    def _history(self, session: Session) -> list[tuple[Any, ...]]:
        """The rows of history that are new."""
        one = CHANGE.c
        facts = (one.status, one.doctor_id, one.starts_at, one.ends_at, one.overbooked, one.changed)
        shown = (one.id, one.appointment_id, one.revision, *facts)
        found = session.core.execute(select(*shown).where(one.id > self.changed_through)).all()
        self.changed_through = max((row.id for row in found), default=self.changed_through)
        return [tuple(row)[1:] for row in found]

    def _events(self, session: Session) -> list[tuple[Any, ...]]:
        """The events that are new; what they say in place of their data."""
        found = session.core.execute(select(outbox).where(outbox.c.position > self.said_through)).all()
        self.said_through = max((row.position for row in found), default=self.said_through)
        for row in found:
            if row.name == OPEN:
                data, ends_at = row.data, row.data["ends_at"]
                fact = (data["revision"], UUID(data["doctor_id"]), ends_at and datetime.fromisoformat(ends_at))
                self.published[UUID(row.subject)] = max(
                    self.published.get(UUID(row.subject), (0,)), fact, key=itemgetter(0)
                )
        return [_told(row) for row in found if row.name != OPEN]


def _check_same(found: Iterable[Any], wanted: Iterable[Any]) -> None:
    """In whatever order, but as often."""
    was, ought = Counter(map(str, found)), Counter(map(str, wanted))
    assert was == ought, f"too much: {dict(was - ought)}, missing: {dict(ought - was)}"


def _told(row: Any) -> tuple[Any, ...]:
    data = row.data
    assert row.subject == data["appointment_id"]
    starts_at, ends_at = (datetime.fromisoformat(data[name]) for name in ("starts_at", "ends_at"))
    people = (UUID(data["doctor_id"]), UUID(data["patient_id"]))
    more = {name: data[name] for name in MORE if name in data}
    return (UUID(row.subject), row.name, data["revision"], starts_at, ends_at, *people, more)


def _check_places(rows: Sequence[Any]) -> None:
    """Nobody is in two places, whether as a doctor or as a patient, but for the doctor of overbooked visits."""
    assert not [row for row in rows if row.doctor_id == row.patient_id]
    for one, other in combinations([row for row in rows if row.status in ACTIVE], 2):
        if one.starts_at < other.ends_at and other.starts_at < one.ends_at:
            assert {one.patient_id, one.doctor_id}.isdisjoint({other.patient_id}), (one, other)
            assert one.patient_id != other.doctor_id, (one, other)
            assert one.doctor_id != other.doctor_id or one.overbooked or other.overbooked, (one, other)


def _check_times_off(rows: Iterable[Any], off: Iterable[tuple[UUID, datetime, datetime]]) -> None:
    """No visit waits in a time off, of those that are not over."""
    waiting = [row for row in rows if row.status in TO_COME]
    for doctor_id, starts_at, ends_at in off:
        met = [row for row in waiting if row.starts_at < ends_at and starts_at < row.ends_at]
        assert not [row for row in met if row.doctor_id == doctor_id], met
