"""Handover after a doctor is erased: visits move to the successor, or are displaced."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentRescheduled,
)
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.availability import AvailabilityRule, TimeOff
from services.scheduling.models.directory import Doctor
from tests.scheduling.concurrency import in_transaction
from tests.scheduling.departures import erase_user, suspend_doctor
from tests.scheduling.factories import (
    HALF_HOUR,
    add_doctor,
    at,
    book,
    changes_of,
    doctor_status_revision,
    make_patient,
    make_user,
    published,
    transition,
)

DESK = make_user("receptionist")


@pytest.mark.parametrize("status", ["requested", "booked"])
def test_visit_moves_to_the_successor_with_the_same_status(session: Session, status: str) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor)
    if status == "booked":
        visit = transition(session, doctor, visit, "accept")
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit) == (other.person, status, visit["revision"] + 1)
    events = published(session, AppointmentRescheduled)
    assert [(event["appointment_id"], event["doctor_id"], event["status"]) for event in events] == [
        (visit["id"], other.person, status)
    ]
    assert [event["former_doctor_id"] for event in events] == [doctor.person]


def test_successor_accepts_a_request_after_the_handover(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor)
    erase_user(session, doctor, other)
    assert transition(session, other, visit, "accept")["status"] == "booked"


def test_history_names_no_author_of_a_handover(session: Session) -> None:
    doctor, other, patient = add_doctor(session), add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    erase_user(session, doctor, other)
    assert changes_of(session, visit) == [(1, "requested", patient.id), (2, "requested", None)]


def test_visit_is_displaced_only_when_the_successor_is_busy_then(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visits = [book(session, doctor, starts_at=at(hour=hour)) for hour in (9, 10, 11)]
    book(session, other, starts_at=at(hour=10))
    erase_user(session, doctor, other)
    assert [doctor_status_revision(session, visit)[:2] for visit in visits] == [
        (other.person, "requested"),
        (doctor.person, "displaced"),
        (other.person, "requested"),
    ]
    assert [event["appointment_id"] for event in published(session, AppointmentDisplaced)] == [visits[1]["id"]]


def test_visit_is_displaced_when_the_successor_is_away(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor)
    begins = visit["starts_at"] - timedelta(hours=1)
    session.add(TimeOff(doctor_id=other.person, starts_at=begins, ends_at=visit["ends_at"], created_at=clock.now()))
    session.flush()
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit)[1] == "displaced"


def test_handover_keeps_other_changes_when_one_visit_is_refused(fresh_database: Database) -> None:
    doctor, other = (in_transaction(fresh_database, add_doctor) for _ in range(2))
    visits = [
        in_transaction(fresh_database, lambda s, hour=hour: book(s, doctor, starts_at=at(hour=hour)))
        for hour in (9, 10, 11)
    ]
    in_transaction(fresh_database, lambda session: book(session, other, starts_at=at(hour=10)))
    in_transaction(fresh_database, lambda session: erase_user(session, doctor, other))
    with fresh_database.read() as session:
        assert [doctor_status_revision(session, visit)[1] for visit in visits] == [
            "requested",
            "displaced",
            "requested",
        ]
        assert session.get_one(Doctor, doctor.person).name == ""


@pytest.mark.parametrize("successor", ["nobody", "unknown", "left"])
def test_visit_is_displaced_when_there_is_no_active_successor(session: Session, successor: str) -> None:
    doctor, left = add_doctor(session), add_doctor(session)
    suspend_doctor(session, left)
    visit = book(session, doctor)
    erase_user(session, doctor, {"nobody": None, "unknown": make_patient(), "left": left}[successor])
    assert doctor_status_revision(session, visit) == (doctor.person, "displaced", 2)


def test_patient_books_the_same_time_elsewhere_after_a_visit_is_displaced(session: Session) -> None:
    doctor, other, patient = add_doctor(session), add_doctor(session), make_patient()
    book(session, doctor, actor=patient)
    erase_user(session, doctor)
    assert book(session, other, actor=patient)["status"] == "requested"


def add_started_visit(session: Session, doctor: Actor) -> dict[str, Any]:
    """Add a visit that has started."""
    visit = book(session, doctor)
    return [transition(session, doctor, visit, name) for name in ("accept", "start")][-1]


def test_fulfilled_visit_stays_with_its_doctor(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = transition(session, doctor, add_started_visit(session, doctor), "complete")
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit) == (doctor.person, "fulfilled", visit["revision"])


def test_successor_completes_a_visit_that_has_begun(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = add_started_visit(session, doctor)
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit) == (other.person, "in_progress", visit["revision"] + 1)
    assert transition(session, other, visit, "complete")["status"] == "fulfilled"


@pytest.mark.parametrize("successor", ["nobody", "busy"])
def test_started_visit_is_cancelled_when_no_successor_is_free(session: Session, successor: str) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = add_started_visit(session, doctor)
    book(session, other, starts_at=visit["starts_at"])
    erase_user(session, doctor, None if successor == "nobody" else other)
    assert doctor_status_revision(session, visit)[:2] == (doctor.person, "cancelled")
    [event] = published(session, AppointmentCancelled)
    assert (event["appointment_id"], event["by"], event["late"]) == (visit["id"], "desk", False)


def test_visit_is_displaced_when_the_successor_is_its_patient(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor, actor=make_patient(other.person))
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit)[:2] == (doctor.person, "displaced")


def add_overbooked_visit(session: Session, doctor: Actor, hour: int) -> dict[str, Any]:
    """Add an overbooked visit on the day after tomorrow."""
    visit = book(session, doctor, starts_at=at(11, hour))
    row = session.get_one(Appointment, visit["id"])
    row.starts_at, row.ends_at, row.overbooked = at(hour=hour), at(hour=hour) + HALF_HOUR, True
    session.flush()
    return visit


def test_overbooked_visit_moves_only_when_the_successor_is_free(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visits = [add_overbooked_visit(session, doctor, hour) for hour in (9, 10)]
    book(session, other, starts_at=at(hour=9))
    erase_user(session, doctor, other)
    assert [doctor_status_revision(session, visit)[:2] for visit in visits] == [
        (doctor.person, "displaced"),
        (other.person, "requested"),
    ]


def test_overbooked_visit_is_displaced_when_two_visits_have_the_same_time(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    overbooked = add_overbooked_visit(session, doctor, 9)
    visit = book(session, doctor, starts_at=at(hour=9, minute=30))
    session.get_one(Appointment, visit["id"]).starts_at = at(hour=9)
    session.flush()
    erase_user(session, doctor, other)
    assert [doctor_status_revision(session, each)[:2] for each in (visit, overbooked)] == [
        (other.person, "requested"),
        (doctor.person, "displaced"),
    ]


def test_past_request_stays_unchanged_at_a_handover(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit, later = book(session, doctor), clock.now() + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit) == (doctor.person, "requested", 1)


def test_arrived_visit_moves_to_the_successor_after_its_time(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit, later = book(session, doctor), clock.now() + timedelta(days=9)
    session.get_one(Appointment, visit["id"]).status = "arrived"
    monkeypatch.setattr(clock, "now", lambda: later)
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit) == (other.person, "arrived", 2)


def test_erasure_event_moves_nothing_when_it_is_repeated(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor)
    erase_user(session, doctor, other)
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit)[2] == 2
    assert len(published(session, AppointmentRescheduled)) == 1


def test_visit_booked_by_the_desk_stays_booked_with_the_successor(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor, actor=DESK, patient_id=uuid7())
    erase_user(session, doctor, other)
    assert doctor_status_revision(session, visit)[:2] == (other.person, "booked")
    assert len(published(session, AppointmentBooked)) == 1


def test_erased_doctor_has_no_weekly_hours(session: Session) -> None:
    doctor = add_doctor(session)
    erase_user(session, doctor)
    assert session.scalars(select(AvailabilityRule).where(AvailabilityRule.doctor_id == doctor.person)).all() == []
