"""A doctor is erased: the visits go to another one, or the patient is told to choose another time."""

from datetime import timedelta
from typing import Any

import eventlet
import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.database import Database, Session
from chassis.errors import NotFound
from chassis.identity import Actor
from contracts.scheduling import AppointmentBooked, AppointmentDisplaced, AppointmentRescheduled
from services.scheduling import doctors
from services.scheduling.models import Appointment, AvailabilityRule, Doctor, TimeOff
from tests.scheduling.factories import at, book, doctor, heard, history, in_transaction, move, patient, said, together

DESK = patient(None, "receptionist")


def erase(session: Session, who: Actor, to: Actor | None = None) -> None:
    """Hear that a doctor is gone for ever."""
    doctors.forget(session, heard(9), user_id=who.person, reassign_to=to and to.person)
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
    doctors.suspend(session, heard(2), user_id=left.person)
    visit = book(session, who)
    erase(session, who, {"nobody": None, "unknown": patient(), "left": left}[successor])
    assert after(session, visit) == (who.person, "displaced", 2)


def test_a_displaced_visit_leaves_the_patient_time_for_another_one(session: Session) -> None:
    who, other, asking = doctor(session), doctor(session), patient()
    book(session, who, actor=asking)
    erase(session, who)
    assert book(session, other, actor=asking)["status"] == "requested"


@pytest.mark.parametrize("moves", [["accept", "start"], ["accept", "start", "complete"]])
def test_a_visit_that_has_begun_stays_with_its_doctor(session: Session, moves: list[str]) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who)
    for name in moves:
        visit = move(session, who, visit, name)
    erase(session, who, other)
    assert after(session, visit) == (who.person, visit["status"], visit["revision"])


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


def test_no_booking_slips_past_an_erasure(fresh: Database) -> None:
    who, other = (in_transaction(fresh, doctor) for _ in range(2))

    def ask(hour: int) -> str:
        try:
            in_transaction(fresh, lambda session: (book(session, who, starts_at=at(hour=hour)), eventlet.sleep(0.01)))
        except NotFound:
            return "no doctor"
        return "booked"

    def go() -> str:
        in_transaction(fresh, lambda session: (eventlet.sleep(0.01), erase(session, who, other), eventlet.sleep(0.02)))
        return "gone"

    works = [lambda hour=hour: ask(hour) for hour in range(9, 13)]
    outcomes = together(*works[:2], go, *works[2:])
    with fresh.read() as session:
        owners = list(session.scalars(select(Appointment.doctor_id)))
    assert owners == [other.person] * outcomes.count("booked")


def test_what_an_erased_patient_wrote_is_gone_and_the_visit_is_not(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit, others = book(session, who, actor=asking, reason="my knee"), book(session, who, starts_at=at(hour=11))
    session.get_one(Appointment, others["id"]).reason = "my elbow"
    session.flush()
    erase(session, asking)
    session.expire_all()
    assert [session.get_one(Appointment, one["id"]).reason for one in (visit, others)] == [None, "my elbow"]


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
