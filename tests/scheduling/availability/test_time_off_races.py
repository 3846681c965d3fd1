"""Bookings and times off at the same moment: never a visit to a doctor who is away, and nobody waits for ever."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.scheduling.availability import TakeTimeOff
from services.scheduling.availability import time_off
from services.scheduling.models.appointments import ACTIVE, Appointment
from services.scheduling.models.availability import TimeOff
from services.scheduling.rules import Slot, overlap
from tests.scheduling.factories import at, book, doctor, in_transaction, together

HOURS = range(9, 17)
REFUSALS = {"slot_taken", "outside_hours", "has_visits", "time_off_overlaps"}


@pytest.fixture(autouse=True)
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock is to be seen, not to be tried again."""
    monkeypatch.setattr(execution, "TRIES", 1)


def take(session: Session, who: Actor, hour: int, displace: bool) -> None:  # noqa: FBT001
    """Be away for two hours of the day after tomorrow."""
    given = {"starts_at": at(hour=hour), "ends_at": at(hour=hour + 2), "reason": None, "displace": displace}
    time_off.take(session, who, TakeTimeOff(doctor_id=who.person, **given))


def attempt(database: Database, work: Any) -> str:
    """`done`, the code of the refusal, or the class of what went wrong."""
    try:
        in_transaction(database, work)
    except MatronError as refusal:
        return refusal.code
    except DBAPIError as error:
        return type(error.orig).__name__
    return "done"


def taken(database: Database) -> tuple[list[Slot], list[Slot]]:
    """The times of the active visits, and the times off."""
    with database.read() as session:
        active = select(Appointment.starts_at, Appointment.ends_at).where(Appointment.status.in_(ACTIVE))
        away = select(TimeOff.starts_at, TimeOff.ends_at)
        return [Slot(*row) for row in session.execute(active)], [Slot(*row) for row in session.execute(away)]


@pytest.mark.parametrize("displace", [False, True], ids=["refused", "displacing"])
def test_bookings_and_times_off_at_once_never_meet(fresh: Database, displace: bool) -> None:  # noqa: FBT001
    who = in_transaction(fresh, doctor)
    works = [
        work
        for hour in HOURS
        for work in (
            lambda session, hour=hour: book(session, who, starts_at=at(hour=hour)),
            lambda session, hour=hour: take(session, who, hour, displace),
            lambda session, hour=hour: book(session, who, starts_at=at(hour=hour, minute=30)),
        )
    ]
    found = set(together(*(lambda work=work: attempt(fresh, work) for work in works)))
    assert found <= {"done", *REFUSALS}
    visits, away = taken(fresh)
    assert not [(visit, one) for visit in visits for one in away if overlap(visit, one)]
    assert not [(one, other) for one in away for other in away if one != other and overlap(one, other)]


def test_of_many_times_off_at_once_one_is_taken(fresh: Database) -> None:
    who = in_transaction(fresh, doctor)
    works = [lambda: attempt(fresh, lambda session: take(session, who, 9, displace=False))] * 20
    assert sorted(together(*works)) == ["done", *["time_off_overlaps"] * 19]
