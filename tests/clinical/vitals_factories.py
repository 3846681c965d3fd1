"""Builders for the tests of vital signs and observations."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import eventlet
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import MatronError
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import StaffApproved
from contracts.clinical.oxygen_targets import SetOxygenTarget
from contracts.clinical.vitals import EnterVitalsInError, ListVitals, PatientDeteriorating, RecordVitals
from contracts.scheduling.shifts.events import ShiftAssigned
from services.clinical import oxygen_targets
from services.clinical.directory import shifts, staff
from services.clinical.models.conditions import Condition
from services.clinical.models.history import HistoryEntry
from services.clinical.vitals import commands, queries
from tests.clinical.factories import heard, hours, nurse, published, registered
from tests.events import example_of

WELL: dict[str, Any] = {
    "respiration": 16.0,
    "spo2": 97.0,
    "on_oxygen": False,
    "systolic": 120.0,
    "pulse": 70.0,
    "consciousness": "A",
    "temperature": 36.8,
}
"""A complete reading of a well adult."""
ILL: dict[str, Any] = {**WELL, "respiration": 26.0, "spo2": 90.0, "pulse": 120.0}
"""A complete reading with a score of 8."""
RED: dict[str, Any] = {**WELL, "respiration": 26.0}
"""A complete reading with a score of 3 in one value."""


def adult(session: Session, **facts: Any) -> UUID:
    """Register an adult; return the id."""
    return registered(session, **{"birth_date": date(1970, 1, 2), "confirmed_new": True, **facts}).id


def measured(session: Session, patient_id: UUID, *, by: Actor | None = None, **values: Any) -> dict[str, Any]:
    """Record these values, or those of a well adult; return the reply."""
    given = values if values.keys() - {"measured_at"} else {**WELL, **values}
    written = commands.record(session, by or nurse(), RecordVitals(patient_id=patient_id, **given))
    session.flush()
    return dict(written)


def withdrawn(session: Session, vitals_id: Any, *, by: Actor | None = None) -> dict[str, Any]:
    """Mark a reading as entered in error; return the reply."""
    command = EnterVitalsInError(vitals_id=vitals_id, reason="Another patient's monitor.")
    return dict(commands.enter_in_error(session, by or nurse(), command))


def listed(session: Session, actor: Actor, patient_id: UUID, **fields: Any) -> list[dict[str, Any]]:
    """Return a page of a patient's readings."""
    asked = {"limit": 20, "cursor": None, "order": "desc", "from_": None, "to": None, **fields}
    return queries.listing(session, actor, ListVitals(patient_id=patient_id, **asked)).items


def on_scale(session: Session, doctor: Actor, patient_id: UUID, scale: int = 2) -> dict[str, Any]:
    """Record an oxygen target; return the reply."""
    command = SetOxygenTarget(patient_id=patient_id, scale=scale, reason="COPD with hypercapnia")
    return dict(oxygen_targets.set_target(session, doctor, command))


def pregnant(session: Session, patient_id: UUID) -> None:
    """Record a pregnancy."""
    row = {"id": uuid7(), "version": 1, "patient_id": patient_id, "author_id": uuid7(), "recorded_at": clock.now()}
    session.add(Condition(**row, status="active", text="Pregnancy", code="Z33"))
    session.flush()


def employed(session: Session, *, sequence: int = 1, role: str = "nurse") -> UUID:
    """Give a person a staff role; return the id."""
    person_id = uuid7()
    event = example_of(StaffApproved, user_id=person_id, role=role)
    staff.on_staff_approved(session, heard(session, "staff_approved", sequence=sequence), event)
    return person_id


def on_shift(session: Session, person_id: UUID, *, starts: float = -1, ends: float = 7) -> UUID:
    """Assign a shift, which starts and ends in so many hours; return its id."""
    facts = {"shift_id": uuid7(), "person_id": person_id, "starts_at": hours(starts), "ends_at": hours(ends)}
    shifts.on_shift_assigned(session, heard(session, "shift_assigned"), example_of(ShiftAssigned, **facts))
    return facts["shift_id"]


def alarms(session: Session) -> list[dict[str, Any]]:
    """Return the data of the published events about deteriorating patients."""
    return published(session, PatientDeteriorating)


def entries(session: Session, patient_id: UUID) -> list[HistoryEntry]:
    """Return the entries of a patient's history, oldest first."""
    add_events(session)
    query = select(HistoryEntry).where(HistoryEntry.patient_id == patient_id)
    return list(session.scalars(query.order_by(HistoryEntry.id)))


def together(database: Database, work: Callable[[Session], object], *, times: int = 2) -> list[str]:
    """Do the work in several transactions at once; return the codes of refusals, or `done`."""

    def outcome() -> str:
        try:
            with database.begin() as session:
                work(session)
        except MatronError as refusal:
            return refusal.code
        return "done"

    with eventlet.Timeout(30):
        return sorted(thread.wait() for thread in [eventlet.spawn(outcome) for _time in range(times)])
