"""Handover while patients book visits. It locks each person whose visits move."""

from collections.abc import Callable

import eventlet
import pytest
from eventlet.event import Event as Signal
from sqlalchemy import select

from chassis.errors import NotFound
from chassis.persistence import database as databases
from chassis.persistence.database import Database, Session, lock_of
from services.scheduling.appointments import handover
from services.scheduling.models.appointments import Appointment
from tests.scheduling.concurrency import held_locks, in_transaction, run_at_once
from tests.scheduling.departures import deactivate_user, erase_user, revoke_doctor_role
from tests.scheduling.factories import add_doctor, at, book, event_actor, make_patient


def test_handover_locks_both_doctors_and_all_patients(fresh_database: Database) -> None:
    doctor, other, patient = (
        in_transaction(fresh_database, add_doctor),
        in_transaction(fresh_database, add_doctor),
        make_patient(),
    )
    in_transaction(fresh_database, lambda session: book(session, doctor, actor=patient))

    def held(session: Session) -> set[int]:
        handover.hand_over(session, event_actor(session, 9), doctor_id=doctor.person, to=other.person)
        return held_locks(session)

    people = {lock_of(person.person) for person in (doctor, other, patient)}
    assert fresh_database.is_sqlite or in_transaction(fresh_database, held) == people


def test_handover_locks_the_patient_of_a_visit_booked_just_before(fresh_database: Database) -> None:
    doctor, other, patient = (
        in_transaction(fresh_database, add_doctor),
        in_transaction(fresh_database, add_doctor),
        make_patient(),
    )
    booked = Signal()

    def ask(session: Session) -> None:
        book(session, doctor, actor=patient)
        booked.send()
        eventlet.sleep(0.05)

    def hand_over(session: Session) -> set[int]:
        booked.wait()
        handover.hand_over(session, event_actor(session, 9), doctor_id=doctor.person, to=other.person)
        return held_locks(session)

    _asked, held = run_at_once(
        lambda: in_transaction(fresh_database, ask), lambda: in_transaction(fresh_database, hand_over)
    )
    assert fresh_database.is_sqlite or lock_of(patient.person) in held
    with fresh_database.read() as session:
        assert list(session.scalars(select(Appointment.doctor_id))) == [other.person]


def test_handover_locks_people_in_several_statements_when_there_are_many(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "LOCKS_AT_ONCE", 2)
    doctor, other = in_transaction(fresh_database, add_doctor), in_transaction(fresh_database, add_doctor)
    for hour in range(9, 14):
        in_transaction(fresh_database, lambda session, hour=hour: book(session, doctor, starts_at=at(hour=hour)))
    in_transaction(fresh_database, lambda session: erase_user(session, doctor, other))
    with fresh_database.read() as session:
        assert list(session.scalars(select(Appointment.doctor_id))) == [other.person] * 5


@pytest.mark.parametrize("leave", [erase_user, deactivate_user, revoke_doctor_role])
def test_concurrent_booking_moves_to_the_successor_or_is_refused(
    fresh_database: Database, leave: Callable[..., None]
) -> None:
    doctor, other = (in_transaction(fresh_database, add_doctor) for _ in range(2))

    def ask(hour: int) -> str:
        try:
            in_transaction(
                fresh_database, lambda session: (book(session, doctor, starts_at=at(hour=hour)), eventlet.sleep(0.01))
            )
        except NotFound:
            return "no doctor"
        return "booked"

    def go() -> str:
        in_transaction(
            fresh_database, lambda session: (eventlet.sleep(0.01), leave(session, doctor, other), eventlet.sleep(0.02))
        )
        return "gone"

    works = [lambda hour=hour: ask(hour) for hour in range(9, 13)]
    outcomes = run_at_once(*works[:2], go, *works[2:])
    with fresh_database.read() as session:
        owners = list(session.scalars(select(Appointment.doctor_id)))
    assert owners == [other.person] * outcomes.count("booked")
