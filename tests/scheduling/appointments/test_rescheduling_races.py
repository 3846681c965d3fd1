"""Many at once who move visits about: nobody overlaps, and nobody waits for somebody who waits for him."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import eventlet
import pytest
from eventlet.event import Event as Signal
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.scheduling.appointments.commands import AcceptAppointment, ChangeAppointment, RescheduleAppointment
from contracts.scheduling.appointments.visits import MarkArrived, StartVisit
from services.scheduling.appointments import access, openings, rescheduling
from services.scheduling.appointments import commands as appointments
from services.scheduling.models.appointments import ACTIVE, Appointment
from tests.scheduling.factories import at, book, doctor, in_transaction, patient, together

DESK = patient(None, "receptionist", "admin")
HOURS = (9, 10, 11, 12)
OWN_LOCKS = text(
    """
    SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
    """
)


@pytest.fixture(autouse=True)
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock is to be seen, not to be tried again."""
    monkeypatch.setattr(execution, "TRIES", 1)


def outcome(database: Database, work: Callable[[Session], Any]) -> str:
    """`done`, the refusal's code, or the class of what went wrong."""
    try:
        in_transaction(database, work)
    except MatronError as refusal:
        return refusal.code
    except DBAPIError as error:
        return type(error.orig).__name__
    return "done"


def accept(session: Session, who: Actor, visit: dict[str, Any]) -> None:
    """The doctor agrees."""
    appointments.accept(session, who, AcceptAppointment(appointment_id=visit["id"]))


def reschedule(session: Session, visit: dict[str, Any], hour: int) -> None:
    """The desk moves a visit."""
    given = {"starts_at": at(hour=hour), "overbook_reason": None, "minutes": None, "doctor_id": None}
    rescheduling.reschedule(session, DESK, RescheduleAppointment(appointment_id=visit["id"], **given))


def active(database: Database) -> list[tuple[Any, ...]]:
    """Doctor, patient and start of the visits that take time."""
    with database.read() as session:
        query = select(Appointment.doctor_id, Appointment.patient_id, Appointment.starts_at)
        return [tuple(row) for row in session.execute(query.where(Appointment.status.in_(ACTIVE)))]


def test_an_answer_and_bookings_of_the_same_time_do_not_wait_for_each_other(fresh: Database) -> None:
    who = in_transaction(fresh, doctor)
    asked = [in_transaction(fresh, lambda s, hour=hour: book(s, who, starts_at=at(hour=hour))) for hour in HOURS]
    works = []
    for visit in asked:
        again = {"starts_at": visit["starts_at"]}
        works += [lambda again=again: outcome(fresh, lambda s: book(s, who, **again))] * 4
        works += [lambda visit=visit: outcome(fresh, lambda s: accept(s, who, visit))]
        works += [lambda again=again: outcome(fresh, lambda s: book(s, who, **again))] * 4
    assert Counter(together(*works)) == {"done": len(HOURS), "slot_taken": 8 * len(HOURS)}


def test_one_of_many_visits_that_move_to_the_same_time_gets_it(fresh: Database) -> None:
    who = in_transaction(fresh, doctor)
    visits = [in_transaction(fresh, lambda s, day=day: book(s, who, starts_at=at(day))) for day in range(3, 19)]
    works = [lambda visit=visit: outcome(fresh, lambda s: reschedule(s, visit, 9)) for visit in visits]
    assert Counter(together(*works)) == {"done": 1, "slot_taken": len(visits) - 1}


def test_visits_that_change_places_never_overlap_and_never_deadlock(fresh: Database) -> None:
    first, second = (in_transaction(fresh, doctor) for _ in range(2))
    people = [patient(uuid7()) for _ in HOURS]
    visits = [
        in_transaction(fresh, lambda s, who=who, one=one, hour=hour: book(s, who, actor=one, starts_at=at(hour=hour)))
        for who, offset in ((first, 0), (second, 2))
        for one, hour in zip(people, HOURS[offset:] + HOURS[:offset], strict=True)
    ]
    works = [
        lambda visit=visit, hour=hour: outcome(fresh, lambda s: reschedule(s, visit, hour))
        for visit in visits
        for hour in (*HOURS, 13)
    ]
    found = Counter(together(*works))
    assert set(found) <= {"done", "slot_taken", "patient_busy"}
    assert found["done"]
    times = active(fresh)
    assert len(times) == len(visits)
    for person in (0, 1):
        assert len({(row[person], row[2]) for row in times}) == len(times)


MOVES: dict[str, Callable[[Session, Actor, dict[str, Any]], Any]] = {
    "accept": accept,
    "arrive": lambda session, _who, visit: appointments.arrive(session, DESK, MarkArrived(appointment_id=visit["id"])),
    "start": lambda session, who, visit: appointments.start(session, who, StartVisit(appointment_id=visit["id"])),
    "reschedule": lambda session, _who, visit: reschedule(session, visit, 15),
    "change": lambda session, _who, visit: rescheduling.change(
        session, DESK, ChangeAppointment(appointment_id=visit["id"], reason="knee")
    ),
}


@pytest.mark.parametrize(("name", "shared"), list(zip(MOVES, ["doctor", "patient"] * 3, strict=False)))
def test_a_move_waits_for_whoever_books_time_of_the_same_people(fresh: Database, name: str, shared: str) -> None:
    who, other = (in_transaction(fresh, doctor) for _ in range(2))
    asking, order, actor = patient(), list[str](), None if name == "accept" else DESK
    whom = {"patient_id": asking.person, "starts_at": clock.now() + timedelta(hours=1), "overbook_reason": "urgent"}
    visit = in_transaction(fresh, lambda session: book(session, who, actor=DESK, **whom))
    if actor is None:
        visit = in_transaction(fresh, lambda session: book(session, who, actor=asking))
    taken = Signal()

    def take(session: Session) -> None:
        one, another = (who, patient()) if shared == "doctor" else (other, asking)
        book(session, one, actor=DESK, patient_id=another.person, starts_at=at(hour=11))
        taken.send()
        eventlet.sleep(0.05)
        order.append("booked")

    def make_move(session: Session) -> None:
        taken.wait()
        MOVES[name](session, who, visit)
        order.append("moved")

    together(lambda: in_transaction(fresh, take), lambda: in_transaction(fresh, make_move))
    assert order == ["booked", "moved"]


def test_who_waited_for_a_visit_that_went_to_another_doctor_holds_the_locks_of_that_one(fresh: Database) -> None:
    who, other = (in_transaction(fresh, doctor) for _ in range(2))
    visit = in_transaction(fresh, lambda session: book(session, who))
    given = Signal()

    def give(session: Session) -> None:
        rescheduling.change(session, DESK, ChangeAppointment(appointment_id=visit["id"], doctor_id=other.person))
        given.send()
        eventlet.sleep(0.05)

    def hold(session: Session) -> tuple[Any, set[int]]:
        given.wait()
        found = access.held(session, DESK, visit["id"], "desk")
        return found.doctor_id, set(session.scalars(OWN_LOCKS)) if session.is_postgresql else set()

    _given, (doctor_id, held) = together(lambda: in_transaction(fresh, give), lambda: in_transaction(fresh, hold))
    assert doctor_id == other.person
    assert fresh.is_sqlite or held == {openings.lock_of(one) for one in (other.person, visit["patient_id"])}


def test_a_visit_given_to_two_doctors_at_once_is_one_doctors(fresh: Database) -> None:
    who, *others = (in_transaction(fresh, doctor) for _ in range(4))
    visit = in_transaction(fresh, lambda session: book(session, who))

    def give(session: Session, to: Actor) -> None:
        rescheduling.change(session, DESK, ChangeAppointment(appointment_id=visit["id"], doctor_id=to.person))

    works = [lambda to=to: outcome(fresh, lambda s: give(s, to)) for to in others]
    assert Counter(together(*works)) == {"done": 3}
    [(doctor_id, *_others)] = active(fresh)
    assert doctor_id in {to.person for to in others}
