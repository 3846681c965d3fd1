"""A doctor is erased: the visits go to another one, or the patient is told to choose another time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import UserErased
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentRescheduled,
)
from services.scheduling import handlers
from services.scheduling.directory import doctors
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.availability import AvailabilityRule, TimeOff
from services.scheduling.models.directory import Doctor
from tests.events import example_of
from tests.scheduling.factories import (
    HALF_HOUR,
    at,
    book,
    doctor,
    heard,
    history,
    in_transaction,
    move,
    patient,
    said,
)

DESK = patient(None, "receptionist")


def erase(session: Session, who: Actor, to: Actor | None = None) -> None:
    """Hear that a doctor is gone for ever."""
    handlers.on_user_erased(
        session, heard(session, 9), example_of(UserErased, user_id=who.person, reassign_to=to and to.person)
    )
    session.flush()


def after(session: Session, visit: dict[str, Any]) -> tuple[Any, str, int]:
    """Doctor, status and revision of a visit."""
    session.expire_all()
    row = session.get_one(Appointment, visit["id"])
    return row.doctor_id, row.status, row.revision


@pytest.mark.parametrize("status", ["requested", "booked"])
def test_a_visit_goes_to_the_other_doctor_as_it_stands(session: Session, status: str) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who)
    if status == "booked":
        visit = move(session, who, visit, "accept")
    erase(session, who, other)
    assert after(session, visit) == (other.person, status, visit["revision"] + 1)
    told = said(session, AppointmentRescheduled)
    assert [(one["appointment_id"], one["doctor_id"], one["status"]) for one in told] == [
        (visit["id"], other.person, status)
    ]
    assert [one["former_doctor_id"] for one in told] == [who.person]


def test_the_other_doctor_may_accept_what_was_asked_of_the_first(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who)
    erase(session, who, other)
    assert move(session, other, visit, "accept")["status"] == "booked"


def test_the_history_tells_that_nobody_in_person_moved_it(session: Session) -> None:
    who, other, asking = doctor(session), doctor(session), patient()
    visit = book(session, who, actor=asking)
    erase(session, who, other)
    assert history(session, visit) == [(1, "requested", asking.id), (2, "requested", None)]


def test_a_visit_at_a_time_that_the_other_doctor_has_not_is_displaced_and_the_others_are_not(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visits = [book(session, who, starts_at=at(hour=hour)) for hour in (9, 10, 11)]
    book(session, other, starts_at=at(hour=10))
    erase(session, who, other)
    assert [after(session, visit)[:2] for visit in visits] == [
        (other.person, "requested"),
        (who.person, "displaced"),
        (other.person, "requested"),
    ]
    assert [one["appointment_id"] for one in said(session, AppointmentDisplaced)] == [visits[1]["id"]]


def test_a_visit_at_a_time_when_the_other_doctor_is_away_is_displaced(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who)
    begins = visit["starts_at"] - timedelta(hours=1)
    session.add(TimeOff(doctor_id=other.person, starts_at=begins, ends_at=visit["ends_at"], created_at=clock.now()))
    session.flush()
    erase(session, who, other)
    assert after(session, visit)[1] == "displaced"


def test_the_savepoint_of_a_refused_visit_takes_nothing_else_back(fresh: Database) -> None:
    who, other = (in_transaction(fresh, doctor) for _ in range(2))
    visits = [in_transaction(fresh, lambda s, hour=hour: book(s, who, starts_at=at(hour=hour))) for hour in (9, 10, 11)]
    in_transaction(fresh, lambda session: book(session, other, starts_at=at(hour=10)))
    in_transaction(fresh, lambda session: erase(session, who, other))
    with fresh.read() as session:
        assert [after(session, visit)[1] for visit in visits] == ["requested", "displaced", "requested"]
        assert session.get_one(Doctor, who.person).name == ""


@pytest.mark.parametrize("successor", ["nobody", "unknown", "left"])
def test_without_a_doctor_to_take_it_over_a_visit_is_displaced(session: Session, successor: str) -> None:
    who, left = doctor(session), doctor(session)
    doctors.suspend(session, heard(session, 2), user_id=left.person)
    visit = book(session, who)
    erase(session, who, {"nobody": None, "unknown": patient(), "left": left}[successor])
    assert after(session, visit) == (who.person, "displaced", 2)


def test_a_displaced_visit_leaves_the_patient_time_for_another_one(session: Session) -> None:
    who, other, asking = doctor(session), doctor(session), patient()
    book(session, who, actor=asking)
    erase(session, who)
    assert book(session, other, actor=asking)["status"] == "requested"


def begun(session: Session, who: Actor) -> dict[str, Any]:
    """A visit that is under way."""
    visit = book(session, who)
    return [move(session, who, visit, name) for name in ("accept", "start")][-1]


def test_a_visit_that_is_over_stays_with_its_doctor(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = move(session, who, begun(session, who), "complete")
    erase(session, who, other)
    assert after(session, visit) == (who.person, "fulfilled", visit["revision"])


def test_the_other_doctor_goes_on_with_a_visit_that_has_begun(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = begun(session, who)
    erase(session, who, other)
    assert after(session, visit) == (other.person, "in_progress", visit["revision"] + 1)
    assert move(session, other, visit, "complete")["status"] == "fulfilled"


@pytest.mark.parametrize("successor", ["nobody", "busy"])
def test_a_visit_that_has_begun_and_nobody_goes_on_with_is_called_off(session: Session, successor: str) -> None:
    who, other = doctor(session), doctor(session)
    visit = begun(session, who)
    book(session, other, starts_at=visit["starts_at"])
    erase(session, who, None if successor == "nobody" else other)
    assert after(session, visit)[:2] == (who.person, "cancelled")
    [told] = said(session, AppointmentCancelled)
    assert (told["appointment_id"], told["by"], told["late"]) == (visit["id"], "desk", False)


def test_a_visit_does_not_go_to_a_doctor_who_is_its_patient(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who, actor=patient(other.person))
    erase(session, who, other)
    assert after(session, visit)[:2] == (who.person, "displaced")


def overbooked(session: Session, who: Actor, hour: int) -> dict[str, Any]:
    """A visit at a time that the doctor may have given to somebody else too."""
    visit = book(session, who, starts_at=at(11, hour))
    row = session.get_one(Appointment, visit["id"])
    row.starts_at, row.ends_at, row.overbooked = at(hour=hour), at(hour=hour) + HALF_HOUR, True
    session.flush()
    return visit


def test_an_overbooked_visit_goes_to_another_doctor_only_where_nobody_else_has_the_time(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visits = [overbooked(session, who, hour) for hour in (9, 10)]
    book(session, other, starts_at=at(hour=9))
    erase(session, who, other)
    assert [after(session, visit)[:2] for visit in visits] == [(who.person, "displaced"), (other.person, "requested")]


def test_of_two_visits_at_one_time_the_overbooked_one_is_displaced(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    added = overbooked(session, who, 9)
    visit = book(session, who, starts_at=at(hour=9, minute=30))
    session.get_one(Appointment, visit["id"]).starts_at = at(hour=9)
    session.flush()
    erase(session, who, other)
    assert [after(session, one)[:2] for one in (visit, added)] == [
        (other.person, "requested"),
        (who.person, "displaced"),
    ]


def test_what_was_missed_in_the_past_stays_as_it_is(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    who, other = doctor(session), doctor(session)
    visit, later = book(session, who), clock.now() + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    erase(session, who, other)
    assert after(session, visit) == (who.person, "requested", 1)


def test_who_has_arrived_is_seen_by_the_other_doctor_however_late(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, other = doctor(session), doctor(session)
    visit, later = book(session, who), clock.now() + timedelta(days=9)
    session.get_one(Appointment, visit["id"]).status = "arrived"
    monkeypatch.setattr(clock, "now", lambda: later)
    erase(session, who, other)
    assert after(session, visit) == (other.person, "arrived", 2)


def test_hearing_it_twice_moves_nothing_again(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who)
    erase(session, who, other)
    erase(session, who, other)
    assert after(session, visit)[2] == 2
    assert len(said(session, AppointmentRescheduled)) == 1


def test_a_visit_that_the_desk_booked_is_agreed_with_the_other_doctor(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who, actor=DESK, patient_id=uuid7())
    erase(session, who, other)
    assert after(session, visit)[:2] == (other.person, "booked")
    assert len(said(session, AppointmentBooked)) == 1


def test_an_erased_doctor_has_no_hours(session: Session) -> None:
    who = doctor(session)
    erase(session, who)
    assert session.scalars(select(AvailabilityRule).where(AvailabilityRule.doctor_id == who.person)).all() == []
