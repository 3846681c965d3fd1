"""Conflicts of visits. A person has one visit at a time. A refusal names a visit only to callers with access to it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from chassis import clock
from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.scheduling.appointments.commands import ChangeAppointment, RescheduleAppointment
from services.scheduling.appointments import handover, rescheduling
from services.scheduling.models.appointments import Appointment
from tests.scheduling.concurrency import in_transaction
from tests.scheduling.factories import HALF_HOUR, add_doctor, at, book, free_slots, make_patient, make_user

DESK, ADMIN = make_user("receptionist"), make_user("admin")


def refusal_of(work: Callable[[], Any]) -> Conflict:
    """Run the work and return the conflict that refuses it."""
    with pytest.raises(Conflict) as refusal:
        work()
    return refusal.value


def book_at_desk(session: Session, doctor: Actor, patient: Actor, **fields: Any) -> dict[str, Any]:
    """Book a visit as the desk."""
    return book(session, doctor, actor=DESK, patient_id=patient.person, **fields)


# --- doctor and patient are one person --------------------------------------------------------------------------------


@pytest.mark.parametrize("by_desk", [True, False])
def test_booking_is_refused_when_doctor_and_patient_are_one_person(session: Session, *, by_desk: bool) -> None:
    doctor = add_doctor(session)
    caller = DESK if by_desk else doctor
    assert refusal_of(lambda: book(session, doctor, actor=caller, patient_id=doctor.person)).code == "own_visit"


def test_changing_the_doctor_is_refused_when_the_doctor_is_the_patient(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book_at_desk(session, other, doctor)
    give = {"appointment_id": visit["id"], "doctor_id": doctor.person}
    assert refusal_of(lambda: rescheduling.change(session, ADMIN, ChangeAppointment(**give))).code == "own_visit"


def test_database_refuses_an_open_visit_of_a_doctor_with_themselves(session: Session) -> None:
    doctor = add_doctor(session)
    people = {"doctor_id": doctor.person, "patient_id": doctor.person}
    given = {**people, "starts_at": at(), "ends_at": at() + HALF_HOUR, "created_at": clock.now()}
    session.execute(insert(Appointment).values(**given, status="fulfilled"))
    with pytest.raises(IntegrityError, match="own_visit"):
        session.execute(insert(Appointment).values(**given, status="booked"))


# --- doctors who are patients -----------------------------------------------------------------------------------------


def test_booking_is_refused_when_the_doctor_is_a_patient_then(session: Session) -> None:
    doctor = add_doctor(session)
    book_at_desk(session, add_doctor(session), doctor)
    for caller in (make_patient(), DESK):
        patient = make_patient().person if caller is DESK else caller.person
        assert (
            refusal_of(
                lambda caller=caller, patient=patient: book(session, doctor, actor=caller, patient_id=patient)
            ).code
            == "slot_taken"
        )
    assert book(session, doctor, starts_at=at(minute=30))["status"] == "requested"


def test_overbooking_is_refused_when_the_doctor_is_a_patient_then(session: Session) -> None:
    doctor = add_doctor(session)
    book_at_desk(session, add_doctor(session), doctor)
    again = {"starts_at": at(hour=8, minute=50), "overbook_reason": "urgent"}
    assert refusal_of(lambda: book_at_desk(session, doctor, make_patient(), **again)).code == "slot_taken"
    assert book_at_desk(session, doctor, make_patient(), **again, minutes=10)["overbooked"]


@pytest.mark.parametrize("overbooked", [None, "urgent"])
def test_booking_is_refused_when_the_patient_treats_patients_then(session: Session, overbooked: str | None) -> None:
    doctor = add_doctor(session)
    book_at_desk(session, doctor, make_patient(), overbook_reason=overbooked)
    assert refusal_of(lambda: book(session, add_doctor(session), actor=doctor)).code == "patient_busy"
    assert refusal_of(lambda: book_at_desk(session, add_doctor(session), doctor)).code == "patient_busy"
    assert book(session, add_doctor(session), actor=doctor, starts_at=at(minute=30))["status"] == "requested"


MOVES: dict[str, Callable[[Session, Any, Actor, Any], Any]] = {
    "reschedule": lambda session, visit, _who, starts_at: rescheduling.reschedule(
        session,
        DESK,
        RescheduleAppointment(
            appointment_id=visit["id"], starts_at=starts_at, overbook_reason=None, minutes=None, doctor_id=None
        ),
    ),
    "change": lambda session, visit, doctor, starts_at: rescheduling.change(
        session, ADMIN, ChangeAppointment(appointment_id=visit["id"], doctor_id=doctor.person, starts_at=starts_at)
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_moving_is_refused_when_doctor_or_patient_is_elsewhere(session: Session, name: str) -> None:
    doctor, patient = add_doctor(session), add_doctor(session)
    visit = book_at_desk(session, doctor, patient, starts_at=at(hour=15))
    book_at_desk(session, add_doctor(session), doctor, starts_at=at(hour=9))
    book_at_desk(session, patient, make_patient(), starts_at=at(hour=10))
    codes = [refusal_of(lambda hour=hour: MOVES[name](session, visit, doctor, at(hour=hour))).code for hour in (9, 10)]
    assert codes == ["slot_taken", "patient_busy"]
    assert MOVES[name](session, visit, doctor, at(hour=11)).starts_at == at(hour=11)


def test_handover_displaces_a_visit_when_the_successor_is_a_patient_then(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book_at_desk(session, doctor, make_patient())
    book_at_desk(session, add_doctor(session), other)
    handover.hand_over(session, make_patient(), doctor_id=doctor.person, to=other.person)
    assert session.get_one(Appointment, visit["id"]).status == "displaced"


def test_slot_is_not_offered_when_the_doctor_is_a_patient_then(session: Session) -> None:
    doctor = add_doctor(session)
    book_at_desk(session, add_doctor(session), doctor)
    assert [slot.starts_at for slot in free_slots(session, doctor, at(), at(hour=10))] == [at(minute=30)]


# --- named visits -----------------------------------------------------------------------------------------------------


@pytest.fixture
def people(fresh_database: Database) -> dict[str, Any]:
    """Two doctors, two patients, and a visit of the first doctor with the first patient."""

    def make(session: Session) -> dict[str, Any]:
        doctor, patient = add_doctor(session), make_patient()
        visit = book(session, doctor, actor=patient)
        return {
            "doctor": doctor,
            "patient": patient,
            "visit": str(visit["id"]),
            "other_doctor": add_doctor(session),
            "stranger": make_patient(),
        }

    found: dict[str, Any] = in_transaction(fresh_database, make)
    return found


def refusal_of_booking(
    fresh_database: Database, people: dict[str, Any], doctor: str, patient: str, by: Actor
) -> tuple[str, Any]:
    """Book a visit that conflicts; return the code and the id of the named visit."""
    fields = {"actor": by, "patient_id": people[patient].person}
    error = refusal_of(lambda: in_transaction(fresh_database, lambda session: book(session, people[doctor], **fields)))
    return error.code, error.facts.get("appointment_id")


def test_conflict_names_the_visit_to_the_desk(fresh_database: Database, people: dict[str, Any]) -> None:
    assert refusal_of_booking(fresh_database, people, "doctor", "stranger", DESK) == ("slot_taken", people["visit"])
    assert refusal_of_booking(fresh_database, people, "other_doctor", "patient", DESK) == (
        "patient_busy",
        people["visit"],
    )


def test_conflict_names_only_own_visits_to_a_patient(fresh_database: Database, people: dict[str, Any]) -> None:
    assert refusal_of_booking(fresh_database, people, "doctor", "stranger", people["stranger"]) == ("slot_taken", None)
    assert refusal_of_booking(fresh_database, people, "other_doctor", "patient", people["patient"]) == (
        "patient_busy",
        people["visit"],
    )


def test_conflict_names_no_foreign_visit_to_a_receptionist_as_patient(
    fresh_database: Database, people: dict[str, Any]
) -> None:
    stranger = replace(people["stranger"], roles=frozenset({"patient", "receptionist"}))
    assert refusal_of_booking(fresh_database, people, "doctor", "stranger", stranger) == ("slot_taken", None)


def test_conflict_names_only_own_visits_to_a_doctor(fresh_database: Database, people: dict[str, Any]) -> None:
    def add_past_visits(session: Session) -> None:
        for doctor, patient in (("doctor", "stranger"), ("other_doctor", "patient")):
            yesterday = {"starts_at": at(-1), "ends_at": at(-1) + HALF_HOUR, "created_at": at(-2)}
            ids = {"doctor_id": people[doctor].person, "patient_id": people[patient].person}
            session.add(Appointment(**ids, **yesterday, status="fulfilled"))

    in_transaction(fresh_database, add_past_visits)
    assert refusal_of_booking(fresh_database, people, "doctor", "stranger", people["doctor"]) == (
        "slot_taken",
        people["visit"],
    )
    assert refusal_of_booking(fresh_database, people, "other_doctor", "patient", people["other_doctor"]) == (
        "patient_busy",
        None,
    )


def test_conflict_names_the_visit_when_a_move_is_refused(fresh_database: Database, people: dict[str, Any]) -> None:
    stranger = people["stranger"]
    later = in_transaction(
        fresh_database, lambda session: book_at_desk(session, people["doctor"], stranger, starts_at=at(hour=15))
    )
    for move in MOVES.values():
        work = lambda session, move=move: move(session, later, people["doctor"], at())  # noqa: E731
        error = refusal_of(lambda work=work: in_transaction(fresh_database, work))
        assert (error.code, error.facts) == ("slot_taken", {"appointment_id": people["visit"]})


def test_conflict_names_the_visit_when_the_patient_is_its_doctor(
    fresh_database: Database, people: dict[str, Any]
) -> None:
    assert refusal_of_booking(fresh_database, people, "other_doctor", "doctor", DESK) == (
        "patient_busy",
        people["visit"],
    )
