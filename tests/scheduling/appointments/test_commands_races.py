"""Many at once: the database decides, nobody is booked twice, and nobody waits for ever."""

from collections import Counter

import pytest
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from tests.scheduling.factories import at, book, doctor, in_transaction, patient, together, visits

THREADS = 30


@pytest.fixture
def who(fresh: Database) -> Actor:
    """A doctor with hours."""
    found: Actor = in_transaction(fresh, doctor)
    return found


@pytest.fixture(autouse=True)
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock is to be seen, not to be tried again."""
    monkeypatch.setattr(execution, "TRIES", 1)


def outcome(database: Database, who: Actor, asking: Actor, starts_at: object) -> str:
    """`booked`, the refusal's code, or the class of what went wrong."""
    try:
        in_transaction(database, lambda session: book(session, who, actor=asking, starts_at=starts_at))
    except MatronError as refusal:
        return refusal.code
    except DBAPIError as error:
        return type(error.orig).__name__
    return "booked"


def test_one_of_thirty_gets_the_slot(fresh: Database, who: Actor) -> None:
    works = [lambda: outcome(fresh, who, patient(), at()) for _ in range(THREADS)]
    assert Counter(together(*works)) == {"booked": 1, "slot_taken": THREADS - 1}


def test_one_patient_at_thirty_doctors_is_booked_once(fresh: Database) -> None:
    asking = patient()
    doctors = [in_transaction(fresh, doctor) for _ in range(THREADS)]
    works = [lambda one=one: outcome(fresh, one, asking, at()) for one in doctors]
    assert Counter(together(*works)) == {"booked": 1, "patient_busy": THREADS - 1}


def test_patients_and_doctors_crosswise_never_overlap_and_never_deadlock(fresh: Database, who: Actor) -> None:
    doctors = [who, *(in_transaction(fresh, doctor) for _ in range(2))]
    asking = [patient(uuid7()) for _ in range(3)]
    works = [
        lambda one=one, other=other, hour=hour: outcome(fresh, one, other, at(hour=hour))
        for hour in (9, 10)
        for one in doctors
        for other in asking
    ]
    found = Counter(together(*works))
    assert set(found) <= {"booked", "slot_taken", "patient_busy"}
    booked = visits(fresh)
    assert len(booked) == found["booked"] == 6
    for person in ("doctor_id", "patient_id"):
        times = [(getattr(row, person), row.starts_at) for row in booked]
        assert len(set(times)) == len(times)


def test_a_doctor_is_not_a_patient_elsewhere_at_once(fresh: Database) -> None:
    doctors = [in_transaction(fresh, doctor) for _ in range(4)]
    works = [
        lambda one=one, other=other: outcome(fresh, one, other, at())
        for one in doctors
        for other in doctors
        if one != other
    ]
    found = Counter(together(*works))
    assert set(found) <= {"booked", "slot_taken", "patient_busy"}
    booked = visits(fresh)
    people = [person for visit in booked for person in (visit.doctor_id, visit.patient_id)]
    assert (len(booked), len(people)) == (found["booked"], len(set(people)))


def test_a_request_that_is_refused_leaves_nothing(fresh: Database, who: Actor) -> None:
    def refused(session: Session) -> None:
        book(session, who)
        raise MatronError("no", "")

    with pytest.raises(MatronError):
        in_transaction(fresh, refused)
    assert visits(fresh) == []
