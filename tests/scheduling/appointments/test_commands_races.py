"""Concurrent bookings. No person has two visits at once, and there is no deadlock."""

from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import pytest

from chassis.errors import MatronError
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from tests.scheduling.concurrency import in_transaction, outcomes_at_once
from tests.scheduling.factories import add_doctor, all_visits, at, book, make_patient

THREADS = 30
pytestmark = pytest.mark.usefixtures("deadlocks_fail")


@pytest.fixture
def doctor(fresh_database: Database) -> Actor:
    """A doctor with hours."""
    outcomes: Actor = in_transaction(fresh_database, add_doctor)
    return outcomes


def booking(doctor: Actor, patient: Actor, hour: int = 9) -> Callable[[Session], Any]:
    """Work that books a visit of the patient with the doctor."""
    return lambda session: book(session, doctor, actor=patient, starts_at=at(hour=hour))


def test_slot_is_booked_once_when_thirty_patients_race(fresh_database: Database, doctor: Actor) -> None:
    works = [booking(doctor, make_patient()) for _ in range(THREADS)]
    assert outcomes_at_once(fresh_database, works) == {"done": 1, "slot_taken": THREADS - 1}


def test_patient_is_booked_once_when_racing_for_thirty_doctors(fresh_database: Database) -> None:
    patient = make_patient()
    doctors = [in_transaction(fresh_database, add_doctor) for _ in range(THREADS)]
    works = [booking(doctor, patient) for doctor in doctors]
    assert outcomes_at_once(fresh_database, works) == {"done": 1, "patient_busy": THREADS - 1}


def test_concurrent_bookings_never_overlap_and_never_deadlock(fresh_database: Database, doctor: Actor) -> None:
    doctors = [doctor, *(in_transaction(fresh_database, add_doctor) for _ in range(2))]
    patients = [make_patient() for _ in range(3)]
    works = [booking(*pair, hour) for hour in (9, 10) for pair in product(doctors, patients)]
    outcomes = outcomes_at_once(fresh_database, works)
    assert set(outcomes) <= {"done", "slot_taken", "patient_busy"}
    booked = all_visits(fresh_database)
    assert len(booked) == outcomes["done"] == 6
    for person in ("doctor_id", "patient_id"):
        times = [(getattr(row, person), row.starts_at) for row in booked]
        assert len(set(times)) == len(times)


def test_concurrent_bookings_never_make_a_doctor_a_patient_elsewhere(fresh_database: Database) -> None:
    doctors = [in_transaction(fresh_database, add_doctor) for _ in range(4)]
    works = [booking(*pair) for pair in permutations(doctors, 2)]
    outcomes = outcomes_at_once(fresh_database, works)
    assert set(outcomes) <= {"done", "slot_taken", "patient_busy"}
    booked = all_visits(fresh_database)
    people = [person for visit in booked for person in (visit.doctor_id, visit.patient_id)]
    assert (len(booked), len(people)) == (outcomes["done"], len(set(people)))


def test_refused_request_stores_nothing(fresh_database: Database, doctor: Actor) -> None:
    def refused(session: Session) -> None:
        book(session, doctor)
        raise MatronError("no", "")

    with pytest.raises(MatronError):
        in_transaction(fresh_database, refused)
    assert all_visits(fresh_database) == []
