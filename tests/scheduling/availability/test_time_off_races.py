"""Concurrent bookings and times off. They never overlap, and there is no deadlock."""

import pytest
from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.scheduling.availability import TakeTimeOff
from services.scheduling.availability import time_off
from services.scheduling.models.appointments import ACTIVE, Appointment
from services.scheduling.models.availability import TimeOff
from services.scheduling.rules import Slot, overlap
from tests.scheduling.concurrency import in_transaction, outcomes_at_once
from tests.scheduling.factories import add_doctor, at, book

HOURS = range(9, 17)
REFUSALS = {"slot_taken", "outside_hours", "has_visits", "time_off_overlaps"}
pytestmark = pytest.mark.usefixtures("deadlocks_fail")


def take_two_hours_off(session: Session, doctor: Actor, hour: int, displace: bool) -> None:  # noqa: FBT001
    """Take two hours of the day after tomorrow off."""
    given = {"starts_at": at(hour=hour), "ends_at": at(hour=hour + 2), "reason": None, "displace": displace}
    time_off.take(session, doctor, TakeTimeOff(doctor_id=doctor.person, **given))


def active_visits_and_times_off(database: Database) -> tuple[list[Slot], list[Slot]]:
    """The times of the active visits, and the times off."""
    with database.read() as session:
        active = select(Appointment.starts_at, Appointment.ends_at).where(Appointment.status.in_(ACTIVE))
        times_off = select(TimeOff.starts_at, TimeOff.ends_at)
        return [Slot(*row) for row in session.execute(active)], [Slot(*row) for row in session.execute(times_off)]


@pytest.mark.parametrize("displace", [False, True], ids=["refused", "displacing"])
def test_concurrent_bookings_and_times_off_never_overlap(fresh_database: Database, displace: bool) -> None:  # noqa: FBT001
    doctor = in_transaction(fresh_database, add_doctor)
    works = [
        work
        for hour in HOURS
        for work in (
            lambda session, hour=hour: book(session, doctor, starts_at=at(hour=hour)),
            lambda session, hour=hour: take_two_hours_off(session, doctor, hour, displace),
            lambda session, hour=hour: book(session, doctor, starts_at=at(hour=hour, minute=30)),
        )
    ]
    outcomes = set(outcomes_at_once(fresh_database, works))
    assert outcomes <= {"done", *REFUSALS}
    visits, times_off = active_visits_and_times_off(fresh_database)
    assert not [(visit, away) for visit in visits for away in times_off if overlap(visit, away)]
    assert not [
        (first, second) for first in times_off for second in times_off if first != second and overlap(first, second)
    ]


def test_time_off_is_taken_once_when_many_race(fresh_database: Database) -> None:
    doctor = in_transaction(fresh_database, add_doctor)
    works = [lambda session: take_two_hours_off(session, doctor, 9, displace=False)] * 20
    assert outcomes_at_once(fresh_database, works) == {"done": 1, "time_off_overlaps": 19}
