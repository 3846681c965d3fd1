"""A doctor leaves while others book: behind the locks of all whose visits go to somebody else."""

from collections.abc import Callable

import eventlet
import pytest
from eventlet.event import Event as Signal
from sqlalchemy import select

from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import RoleRevoked, UserDeactivated
from services.scheduling import handlers
from services.scheduling.appointments import handover, openings
from services.scheduling.models.appointments import Appointment
from tests.events import example_of
from tests.scheduling.appointments.test_handover import erase
from tests.scheduling.appointments.test_rescheduling_races import OWN_LOCKS
from tests.scheduling.factories import at, book, doctor, heard, in_transaction, patient, together


def test_an_erasure_holds_the_locks_of_all_whose_visits_it_moves(fresh: Database) -> None:
    who, other, asking = in_transaction(fresh, doctor), in_transaction(fresh, doctor), patient()
    in_transaction(fresh, lambda session: book(session, who, actor=asking))

    def held(session: Session) -> set[int]:
        handover.hand_over(session, heard(session, 9), doctor_id=who.person, to=other.person)
        return set(session.scalars(OWN_LOCKS)) if session.is_postgresql else set()

    people = {openings.lock_of(one.person) for one in (who, other, asking)}
    assert fresh.is_sqlite or in_transaction(fresh, held) == people


def test_a_visit_that_is_booked_just_before_an_erasure_is_handed_over_behind_its_locks(fresh: Database) -> None:
    who, other, asking = in_transaction(fresh, doctor), in_transaction(fresh, doctor), patient()
    asked = Signal()

    def ask(session: Session) -> None:
        book(session, who, actor=asking)
        asked.send()
        eventlet.sleep(0.05)

    def hand_over(session: Session) -> set[int]:
        asked.wait()
        handover.hand_over(session, heard(session, 9), doctor_id=who.person, to=other.person)
        return set(session.scalars(OWN_LOCKS)) if session.is_postgresql else set()

    _asked, held = together(lambda: in_transaction(fresh, ask), lambda: in_transaction(fresh, hand_over))
    assert fresh.is_sqlite or openings.lock_of(asking.person) in held
    with fresh.read() as session:
        assert list(session.scalars(select(Appointment.doctor_id))) == [other.person]


def test_more_people_are_locked_than_one_statement_can_name(fresh: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "LOCKS", 2)
    who, other = in_transaction(fresh, doctor), in_transaction(fresh, doctor)
    for hour in range(9, 14):
        in_transaction(fresh, lambda session, hour=hour: book(session, who, starts_at=at(hour=hour)))
    in_transaction(fresh, lambda session: erase(session, who, other))
    with fresh.read() as session:
        assert list(session.scalars(select(Appointment.doctor_id))) == [other.person] * 5


def deactivate(session: Session, who: Actor, other: Actor) -> None:
    """Hear that a doctor's account cannot be used, and who takes the visits over."""
    handlers.on_user_deactivated(
        session, heard(session, 9), example_of(UserDeactivated, user_id=who.person, reassign_to=other.person)
    )


def dismiss(session: Session, who: Actor, other: Actor) -> None:
    """Hear that a person is no doctor any more, and who takes the visits over."""
    handlers.on_role_revoked(
        session, heard(session, 9), example_of(RoleRevoked, user_id=who.person, role="doctor", reassign_to=other.person)
    )


@pytest.mark.parametrize("leave", [erase, deactivate, dismiss])
def test_no_booking_slips_past_a_doctor_who_leaves(fresh: Database, leave: Callable[..., None]) -> None:
    who, other = (in_transaction(fresh, doctor) for _ in range(2))

    def ask(hour: int) -> str:
        try:
            in_transaction(fresh, lambda session: (book(session, who, starts_at=at(hour=hour)), eventlet.sleep(0.01)))
        except NotFound:
            return "no doctor"
        return "booked"

    def go() -> str:
        in_transaction(fresh, lambda session: (eventlet.sleep(0.01), leave(session, who, other), eventlet.sleep(0.02)))
        return "gone"

    works = [lambda hour=hour: ask(hour) for hour in range(9, 13)]
    outcomes = together(*works[:2], go, *works[2:])
    with fresh.read() as session:
        owners = list(session.scalars(select(Appointment.doctor_id)))
    assert owners == [other.person] * outcomes.count("booked")
