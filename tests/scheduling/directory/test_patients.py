"""The directory of patients, a copy of ids from auth and clinical. Events may arrive in any order."""

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
from tests.scheduling.concurrency import in_transaction, run_at_once
from tests.scheduling.factories import add_doctor, at, deliver, event_actor, make_patient, make_user
from tests.scheduling.staff_factories import add_nurse, give_task

DESK = make_user("receptionist")
LEFT_OUT: dict[str, Any] = {"reason": None, "overbook_reason": None, "minutes": None}


def register(session: Session, user: Actor, sequence: int = 1, **facts: Any) -> None:
    """Handle the event that auth registered a user."""
    event = example_of(UserRegistered, user_id=user.person, **facts)
    patients.on_user_changed(session, event_actor(session, sequence), event)


def book_status(session: Session, doctor: Any, patient: Any, actor: Actor = DESK, **fields: Any) -> str:
    """Book a visit, by default as the desk; return its status. The patient may be unknown."""
    given = {"doctor_id": doctor.person, "patient_id": patient.person, "starts_at": at(), **LEFT_OUT, **fields}
    return appointments.book(session, actor, BookAppointment(**given)).status


def test_booking_by_the_desk_answers_not_yet_for_an_unknown_patient(session: Session) -> None:
    with pytest.raises(NotYet) as refused:
        book_status(session, add_doctor(session), make_patient())
    assert (refused.value.code, refused.value.detail) == ("not_found", "There is no such patient.")


def test_booking_by_the_desk_answers_not_yet_for_an_unknown_doctor(session: Session) -> None:
    patient = make_patient()
    register(session, patient)
    with pytest.raises(NotYet):
        book_status(session, make_patient(), patient)


def test_booking_by_a_patient_answers_not_found_for_an_unknown_doctor(session: Session) -> None:
    with pytest.raises(NotFound) as refused:
        appointments.book(
            session,
            patient := make_patient(),
            BookAppointment(doctor_id=uuid7(), patient_id=patient.person, starts_at=at(), **LEFT_OUT),
        )
    assert type(refused.value) is NotFound


@pytest.mark.parametrize("source", ["account", "record"])
def test_patient_is_booked_with_an_account_or_a_record(session: Session, source: str) -> None:
    patient = make_patient()
    for _ in range(2):
        if source == "account":
            register(session, patient)
        else:
            deliver(session, patients.on_patient_registered, example_of(PatientRegistered, patient_id=patient.person))
    assert book_status(session, add_doctor(session), patient) == "booked"


def test_account_of_staff_is_booked_only_when_it_is_a_patients(session: Session) -> None:
    patient, doctor = make_patient(), add_doctor(session)
    register(session, patient, is_patient=False)
    with pytest.raises(NotYet):
        book_status(session, doctor, patient)
    register(session, patient, 2, is_patient=True)
    assert book_status(session, doctor, patient) == "booked"


def test_receptionist_books_an_own_visit_only_as_a_patient(session: Session) -> None:
    patient, doctor = make_user("receptionist"), add_doctor(session)
    with pytest.raises(NotFound):
        book_status(session, doctor, patient, actor=patient)
    assert (
        book_status(session, doctor, patient, actor=make_user("receptionist", "patient", person_id=patient.person))
        == "requested"
    )


@pytest.mark.parametrize("order", list(permutations(["account", "record", "erased"])), ids="-".join)
def test_erased_patient_stays_erased_for_events_in_any_order(session: Session, order: tuple[str, ...]) -> None:
    patient, doctor = make_patient(), add_doctor(session)
    for event in order:
        if event == "account":
            register(session, patient, 7)
        elif event == "record":
            deliver(
                session, patients.on_patient_registered, example_of(PatientRegistered, patient_id=patient.person), 8
            )
        else:
            handlers.on_user_erased(
                session, event_actor(session, 1), example_of(UserErased, user_id=patient.person, reassign_to=None)
            )
    with pytest.raises(NotFound) as refused:
        book_status(session, doctor, patient)
    assert type(refused.value) is NotFound, "the patient never comes back, so the caller must not retry"


def test_task_about_an_unknown_patient_answers_not_yet(session: Session) -> None:
    patient = make_patient()
    with pytest.raises(NotYet):
        give_task(session, add_nurse(session), patient_id=patient.person)
    register(session, patient)
    assert give_task(session, add_nurse(session), patient_id=patient.person)["patient_id"] == patient.person


@pytest.mark.parametrize("source", ["desk", "patient"])
def test_booking_is_refused_while_the_patient_is_erased(fresh_database: Database, source: str) -> None:
    doctor, patient = in_transaction(fresh_database, add_doctor), make_patient()
    in_transaction(
        fresh_database,
        lambda session: register(session, patient),
    )
    erased = Signal()

    def erase(session: Session) -> None:
        handlers.on_user_erased(
            session, event_actor(session, 2), example_of(UserErased, user_id=patient.person, reassign_to=None)
        )
        erased.send()
        eventlet.sleep(0.05)

    def book() -> None:
        erased.wait()
        with pytest.raises(NotFound):
            in_transaction(
                fresh_database,
                lambda session: book_status(session, doctor, patient, actor=DESK if source == "desk" else patient),
            )

    run_at_once(lambda: in_transaction(fresh_database, erase), book)
    with fresh_database.read() as session:
        assert session.scalars(select(Appointment.id)).all() == []
