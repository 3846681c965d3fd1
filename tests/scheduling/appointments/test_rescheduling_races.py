"""Concurrent rescheduling. No visits overlap, and there is no deadlock."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import eventlet
import pytest
from eventlet.event import Event as Signal
from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Database, Session, lock_of
from contracts.scheduling.appointments.commands import AcceptAppointment, ChangeAppointment, RescheduleAppointment
from contracts.scheduling.appointments.visits import MarkArrived, StartVisit
from services.scheduling.appointments import access, rescheduling
from services.scheduling.appointments import commands as appointments
from services.scheduling.models.appointments import ACTIVE, Appointment
from tests.scheduling.concurrency import held_locks, in_transaction, outcomes_at_once, run_at_once
from tests.scheduling.factories import add_doctor, at, book, make_patient, make_user

DESK = make_user("receptionist", "admin")
HOURS = (9, 10, 11, 12)
pytestmark = pytest.mark.usefixtures("deadlocks_fail")


def accept(session: Session, doctor: Actor, visit: dict[str, Any]) -> None:
    """Accept a visit as its doctor."""
    appointments.accept(session, doctor, AcceptAppointment(appointment_id=visit["id"]))


def reschedule(session: Session, visit: dict[str, Any], hour: int) -> None:
    """Move a visit as the desk."""
    given = {"starts_at": at(hour=hour), "overbook_reason": None, "minutes": None, "doctor_id": None}
    rescheduling.reschedule(session, DESK, RescheduleAppointment(appointment_id=visit["id"], **given))


def active_visits(database: Database) -> list[tuple[Any, ...]]:
    """Doctor, patient and start of the active visits."""
    with database.read() as session:
        query = select(Appointment.doctor_id, Appointment.patient_id, Appointment.starts_at)
        return [tuple(row) for row in session.execute(query.where(Appointment.status.in_(ACTIVE)))]


def test_accepting_and_booking_the_same_slots_at_once_never_deadlock(fresh_database: Database) -> None:
    doctor = in_transaction(fresh_database, add_doctor)
    requests = [
        in_transaction(fresh_database, lambda s, hour=hour: book(s, doctor, starts_at=at(hour=hour))) for hour in HOURS
    ]
    works = list[Callable[[Session], Any]]()
    for visit in requests:
        booking = partial(book, doctor=doctor, starts_at=visit["starts_at"])
        works += [*[booking] * 4, partial(accept, doctor=doctor, visit=visit), *[booking] * 4]
    assert outcomes_at_once(fresh_database, works) == {"done": len(HOURS), "slot_taken": 8 * len(HOURS)}


def test_slot_goes_to_one_visit_when_many_move_to_it(fresh_database: Database) -> None:
    doctor = in_transaction(fresh_database, add_doctor)
    visits = [
        in_transaction(fresh_database, lambda s, day=day: book(s, doctor, starts_at=at(day))) for day in range(3, 19)
    ]
    works = [partial(reschedule, visit=visit, hour=9) for visit in visits]
    assert outcomes_at_once(fresh_database, works) == {"done": 1, "slot_taken": len(visits) - 1}


def test_visits_that_swap_times_at_once_never_overlap_and_never_deadlock(fresh_database: Database) -> None:
    first, second = (in_transaction(fresh_database, add_doctor) for _ in range(2))
    people = [make_patient() for _ in HOURS]
    visits = [
        in_transaction(
            fresh_database,
            lambda s, doctor=doctor, person=person, hour=hour: book(s, doctor, actor=person, starts_at=at(hour=hour)),
        )
        for doctor, offset in ((first, 0), (second, 2))
        for person, hour in zip(people, HOURS[offset:] + HOURS[:offset], strict=True)
    ]
    works = [partial(reschedule, visit=visit, hour=hour) for visit in visits for hour in (*HOURS, 13)]
    outcomes = outcomes_at_once(fresh_database, works)
    assert set(outcomes) <= {"done", "slot_taken", "patient_busy"}
    assert outcomes["done"]
    times = active_visits(fresh_database)
    assert len(times) == len(visits)
    for person in (0, 1):
        assert len({(row[person], row[2]) for row in times}) == len(times)


MOVES: dict[str, Callable[[Session, Actor, dict[str, Any]], Any]] = {
    "accept": accept,
    "arrive": lambda session, _doctor, visit: appointments.arrive(
        session, DESK, MarkArrived(appointment_id=visit["id"])
    ),
    "start": lambda session, doctor, visit: appointments.start(session, doctor, StartVisit(appointment_id=visit["id"])),
    "reschedule": lambda session, _doctor, visit: reschedule(session, visit, 15),
    "change": lambda session, _doctor, visit: rescheduling.change(
        session, DESK, ChangeAppointment(appointment_id=visit["id"], reason="knee")
    ),
}


@pytest.mark.parametrize(("name", "shared"), list(zip(MOVES, ["doctor", "patient"] * 3, strict=False)))
def test_change_waits_while_another_transaction_books_the_same_person(
    fresh_database: Database, name: str, shared: str
) -> None:
    doctor, other = (in_transaction(fresh_database, add_doctor) for _ in range(2))
    patient, order, actor = make_patient(), list[str](), None if name == "accept" else DESK
    booking = {"patient_id": patient.person, "starts_at": clock.now() + timedelta(hours=1), "overbook_reason": "urgent"}
    visit = in_transaction(fresh_database, lambda session: book(session, doctor, actor=DESK, **booking))
    if actor is None:
        visit = in_transaction(fresh_database, lambda session: book(session, doctor, actor=patient))
    taken = Signal()

    def take(session: Session) -> None:
        booked_doctor, booked_patient = (doctor, make_patient()) if shared == "doctor" else (other, patient)
        book(session, booked_doctor, actor=DESK, patient_id=booked_patient.person, starts_at=at(hour=11))
        taken.send()
        eventlet.sleep(0.05)
        order.append("booked")

    def make_move(session: Session) -> None:
        taken.wait()
        MOVES[name](session, doctor, visit)
        order.append("moved")

    run_at_once(lambda: in_transaction(fresh_database, take), lambda: in_transaction(fresh_database, make_move))
    assert order == ["booked", "moved"]


def test_waiting_transaction_locks_the_new_doctor_after_a_visit_has_moved(fresh_database: Database) -> None:
    doctor, other = (in_transaction(fresh_database, add_doctor) for _ in range(2))
    visit = in_transaction(fresh_database, lambda session: book(session, doctor))
    given = Signal()

    def give(session: Session) -> None:
        rescheduling.change(session, DESK, ChangeAppointment(appointment_id=visit["id"], doctor_id=other.person))
        given.send()
        eventlet.sleep(0.05)

    def hold(session: Session) -> tuple[Any, set[int]]:
        given.wait()
        found = access.lock_with_people(session, DESK, visit["id"], "desk")
        return found.doctor_id, held_locks(session)

    _given, (doctor_id, locks) = run_at_once(
        lambda: in_transaction(fresh_database, give), lambda: in_transaction(fresh_database, hold)
    )
    assert doctor_id == other.person
    assert fresh_database.is_sqlite or locks == {
        lock_of(person_id) for person_id in (other.person, visit["patient_id"])
    }


def test_visit_has_one_doctor_when_admins_move_it_at_once(fresh_database: Database) -> None:
    doctor, *others = (in_transaction(fresh_database, add_doctor) for _ in range(4))
    visit = in_transaction(fresh_database, lambda session: book(session, doctor))

    def give(session: Session, to: Actor) -> None:
        rescheduling.change(session, DESK, ChangeAppointment(appointment_id=visit["id"], doctor_id=to.person))

    works = [partial(give, to=to) for to in others]
    assert outcomes_at_once(fresh_database, works) == {"done": 3}
    [(doctor_id, *_others)] = active_visits(fresh_database)
    assert doctor_id in {to.person for to in others}
