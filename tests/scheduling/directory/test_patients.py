"""Who may be booked: copies of the ids of patients, in whatever order the events about them come."""

from itertools import permutations
from typing import Any

import eventlet
import pytest
from eventlet.event import Event as Signal
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import NotFound, NotYet
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import UserErased, UserRegistered
from contracts.clinical.patients import PatientRegistered
from contracts.scheduling.appointments.commands import BookAppointment
from services.scheduling import handlers
from services.scheduling.appointments import commands as appointments
from services.scheduling.directory import patients
from services.scheduling.models.appointments import Appointment
from tests.events import example_of
from tests.scheduling.factories import at, doctor, heard, in_transaction, patient, together
from tests.scheduling.rota import nurse, task

DESK = patient(None, "receptionist")
LEFT_OUT: dict[str, Any] = {"reason": None, "overbook_reason": None, "minutes": None}


def at_desk(session: Session, who: Any, whom: Any, actor: Actor = DESK, **fields: Any) -> str:
    """What a visit is that the desk, or somebody else, books for somebody of whom nobody may have told."""
    given = {"doctor_id": who.person, "patient_id": whom.person, "starts_at": at(), **LEFT_OUT, **fields}
    return appointments.book(session, actor, BookAppointment(**given)).status


def test_the_desk_books_nobody_of_whom_it_has_not_been_told(session: Session) -> None:
    with pytest.raises(NotYet) as refused:
        at_desk(session, doctor(session), patient())
    assert (refused.value.code, refused.value.detail) == ("not_found", "There is no such patient.")


def test_the_desk_books_a_doctor_of_whom_it_has_not_been_told_a_little_later(session: Session) -> None:
    whom = patient()
    patients.remember(session, heard(session), example_of(UserRegistered, user_id=whom.person))
    with pytest.raises(NotYet):
        at_desk(session, patient(), whom)


def test_a_patient_does_not_wait_for_a_doctor_whom_nobody_knows(session: Session) -> None:
    with pytest.raises(NotFound) as refused:
        appointments.book(
            session,
            whom := patient(),
            BookAppointment(doctor_id=uuid7(), patient_id=whom.person, starts_at=at(), **LEFT_OUT),
        )
    assert type(refused.value) is NotFound


@pytest.mark.parametrize("by", ["account", "record"])
def test_patient_is_booked_who_has_an_account_or_a_record(session: Session, by: str) -> None:
    whom = patient()
    for _ in range(2):
        if by == "account":
            patients.remember(session, heard(session), example_of(UserRegistered, user_id=whom.person))
        else:
            patients.admit(session, heard(session), example_of(PatientRegistered, patient_id=whom.person))
    assert at_desk(session, doctor(session), whom) == "booked"


def test_account_of_staff_is_booked_only_once_it_is_a_patients(session: Session) -> None:
    whom, who = patient(), doctor(session)
    patients.remember(session, heard(session), example_of(UserRegistered, user_id=whom.person, is_patient=False))
    with pytest.raises(NotYet):
        at_desk(session, who, whom)
    patients.remember(session, heard(session, 2), example_of(UserRegistered, user_id=whom.person, is_patient=True))
    assert at_desk(session, who, whom) == "booked"


def test_receptionist_who_is_no_patient_books_no_own_visit(session: Session) -> None:
    whom, who = patient(None, "receptionist"), doctor(session)
    with pytest.raises(NotFound):
        at_desk(session, who, whom, actor=whom)
    assert at_desk(session, who, whom, actor=patient(whom.person, "receptionist", "patient")) == "requested"


@pytest.mark.parametrize("order", list(permutations(["account", "record", "erased"])), ids="-".join)
def test_who_is_erased_stays_so_in_whatever_order_it_is_heard(session: Session, order: tuple[str, ...]) -> None:
    whom, who = patient(), doctor(session)
    for event in order:
        if event == "account":
            patients.remember(session, heard(session, 7), example_of(UserRegistered, user_id=whom.person))
        elif event == "record":
            patients.admit(session, heard(session, 8), example_of(PatientRegistered, patient_id=whom.person))
        else:
            handlers.on_user_erased(
                session, heard(session, 1), example_of(UserErased, user_id=whom.person, reassign_to=None)
            )
    with pytest.raises(NotFound) as refused:
        at_desk(session, who, whom)
    assert type(refused.value) is NotFound, "no event will bring them back: nobody waits for one"


def test_a_task_is_about_a_patient_who_exists(session: Session) -> None:
    whom = patient()
    with pytest.raises(NotYet):
        task(session, nurse(session), patient_id=whom.person)
    patients.remember(session, heard(session), example_of(UserRegistered, user_id=whom.person))
    assert task(session, nurse(session), patient_id=whom.person)["patient_id"] == whom.person


@pytest.mark.parametrize("by", ["desk", "patient"])
def test_nobody_is_booked_while_they_are_erased(fresh: Database, by: str) -> None:
    who, whom = in_transaction(fresh, doctor), patient()
    in_transaction(
        fresh,
        lambda session: patients.remember(session, heard(session), example_of(UserRegistered, user_id=whom.person)),
    )
    forgotten = Signal()

    def erase(session: Session) -> None:
        handlers.on_user_erased(
            session, heard(session, 2), example_of(UserErased, user_id=whom.person, reassign_to=None)
        )
        forgotten.send()
        eventlet.sleep(0.05)

    def book() -> None:
        forgotten.wait()
        with pytest.raises(NotFound):
            in_transaction(fresh, lambda session: at_desk(session, who, whom, actor=DESK if by == "desk" else whom))

    together(lambda: in_transaction(fresh, erase), book)
    with fresh.read() as session:
        assert session.scalars(select(Appointment.id)).all() == []
