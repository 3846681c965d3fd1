"""Nobody is in two places, as a doctor, as a patient or as both; and who is told which visit is in the way."""

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
from tests.scheduling.factories import HALF_HOUR, at, book, doctor, free, in_transaction, patient

DESK, ADMIN = patient(None, "receptionist"), patient(None, "admin")


def refused(work: Callable[[], Any]) -> Conflict:
    """Why it is refused."""
    with pytest.raises(Conflict) as refusal:
        work()
    return refusal.value


def at_desk(session: Session, who: Actor, whom: Actor, **fields: Any) -> dict[str, Any]:
    """A visit that the desk books."""
    return book(session, who, actor=DESK, patient_id=whom.person, **fields)


# --- a doctor is nobody's own patient ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by_desk", [True, False])
def test_nobody_books_a_visit_with_themselves(session: Session, *, by_desk: bool) -> None:
    who = doctor(session)
    asking = DESK if by_desk else who
    assert refused(lambda: book(session, who, actor=asking, patient_id=who.person)).code == "own_visit"


def test_no_visit_is_given_to_the_doctor_who_is_its_patient(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = at_desk(session, other, who)
    give = {"appointment_id": visit["id"], "doctor_id": who.person}
    assert refused(lambda: rescheduling.change(session, ADMIN, ChangeAppointment(**give))).code == "own_visit"


def test_the_database_has_no_open_visit_of_a_doctor_with_themselves(session: Session) -> None:
    who = doctor(session)
    people = {"doctor_id": who.person, "patient_id": who.person}
    given = {**people, "starts_at": at(), "ends_at": at() + HALF_HOUR, "created_at": clock.now()}
    session.execute(insert(Appointment).values(**given, status="fulfilled"))
    with pytest.raises(IntegrityError, match="own_visit"):
        session.execute(insert(Appointment).values(**given, status="booked"))


# --- one person in two parts ------------------------------------------------------------------------------------------


def test_a_doctor_who_is_somebodys_patient_then_is_not_visited(session: Session) -> None:
    who = doctor(session)
    at_desk(session, doctor(session), who)
    for asking in (patient(), DESK):
        whom = patient().person if asking is DESK else asking.person
        assert (
            refused(lambda one=asking, whom=whom: book(session, who, actor=one, patient_id=whom)).code == "slot_taken"
        )
    assert book(session, who, starts_at=at(minute=30))["status"] == "requested"


def test_not_even_an_overbooked_visit_has_a_doctor_who_is_elsewhere(session: Session) -> None:
    who = doctor(session)
    at_desk(session, doctor(session), who)
    again = {"starts_at": at(hour=8, minute=50), "overbook_reason": "urgent"}
    assert refused(lambda: at_desk(session, who, patient(), **again)).code == "slot_taken"
    assert at_desk(session, who, patient(), **again, minutes=10)["overbooked"]


@pytest.mark.parametrize("overbooked", [None, "urgent"])
def test_a_patient_who_sees_patients_then_is_busy(session: Session, overbooked: str | None) -> None:
    who = doctor(session)
    at_desk(session, who, patient(), overbook_reason=overbooked)
    assert refused(lambda: book(session, doctor(session), actor=who)).code == "patient_busy"
    assert refused(lambda: at_desk(session, doctor(session), who)).code == "patient_busy"
    assert book(session, doctor(session), actor=who, starts_at=at(minute=30))["status"] == "requested"


MOVES: dict[str, Callable[[Session, Any, Actor, Any], Any]] = {
    "reschedule": lambda session, visit, _who, starts_at: rescheduling.reschedule(
        session,
        DESK,
        RescheduleAppointment(
            appointment_id=visit["id"], starts_at=starts_at, overbook_reason=None, minutes=None, doctor_id=None
        ),
    ),
    "change": lambda session, visit, who, starts_at: rescheduling.change(
        session, ADMIN, ChangeAppointment(appointment_id=visit["id"], doctor_id=who.person, starts_at=starts_at)
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_no_visit_moves_to_where_its_doctor_or_patient_is_elsewhere(session: Session, name: str) -> None:
    who, whom = doctor(session), doctor(session)
    visit = at_desk(session, who, whom, starts_at=at(hour=15))
    at_desk(session, doctor(session), who, starts_at=at(hour=9))
    at_desk(session, whom, patient(), starts_at=at(hour=10))
    codes = [refused(lambda hour=hour: MOVES[name](session, visit, who, at(hour=hour))).code for hour in (9, 10)]
    assert codes == ["slot_taken", "patient_busy"]
    assert MOVES[name](session, visit, who, at(hour=11)).starts_at == at(hour=11)


def test_no_visit_is_handed_over_to_a_doctor_who_is_elsewhere(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = at_desk(session, who, patient())
    at_desk(session, doctor(session), other)
    handover.hand_over(session, patient(), doctor_id=who.person, to=other.person)
    assert session.get_one(Appointment, visit["id"]).status == "displaced"


def test_no_slot_is_offered_in_which_the_doctor_is_elsewhere(session: Session) -> None:
    who = doctor(session)
    at_desk(session, doctor(session), who)
    assert [slot.starts_at for slot in free(session, who, at(), at(hour=10))] == [at(minute=30)]


# --- who is told ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ward(fresh: Database) -> dict[str, Any]:
    """Two doctors, two patients, and a visit of the first ones."""

    def make(session: Session) -> dict[str, Any]:
        who, whom = doctor(session), patient()
        visit = book(session, who, actor=whom)
        return {"who": who, "whom": whom, "visit": str(visit["id"]), "other": doctor(session), "stranger": patient()}

    found: dict[str, Any] = in_transaction(fresh, make)
    return found


def told(fresh: Database, ward: dict[str, Any], who: str, whom: str, by: Actor) -> tuple[str, Any]:
    """Why a visit is refused, and which one is said to be in the way."""
    people = {"actor": by, "patient_id": ward[whom].person}
    error = refused(lambda: in_transaction(fresh, lambda session: book(session, ward[who], **people)))
    return error.code, error.facts.get("appointment_id")


def test_the_desk_is_told_which_visit_is_in_the_way(fresh: Database, ward: dict[str, Any]) -> None:
    assert told(fresh, ward, "who", "stranger", DESK) == ("slot_taken", ward["visit"])
    assert told(fresh, ward, "other", "whom", DESK) == ("patient_busy", ward["visit"])


def test_a_patient_is_told_only_of_visits_of_their_own(fresh: Database, ward: dict[str, Any]) -> None:
    assert told(fresh, ward, "who", "stranger", ward["stranger"]) == ("slot_taken", None)
    assert told(fresh, ward, "other", "whom", ward["whom"]) == ("patient_busy", ward["visit"])


def test_who_works_at_the_desk_is_told_no_more_of_what_is_in_their_own_way(
    fresh: Database, ward: dict[str, Any]
) -> None:
    stranger = replace(ward["stranger"], roles=frozenset({"patient", "receptionist"}))
    assert told(fresh, ward, "who", "stranger", stranger) == ("slot_taken", None)


def test_a_doctor_is_told_only_of_visits_of_their_own(fresh: Database, ward: dict[str, Any]) -> None:
    def meet(session: Session) -> None:
        for who, whom in (("who", "stranger"), ("other", "whom")):
            yesterday = {"starts_at": at(-1), "ends_at": at(-1) + HALF_HOUR, "created_at": at(-2)}
            people = {"doctor_id": ward[who].person, "patient_id": ward[whom].person}
            session.add(Appointment(**people, **yesterday, status="fulfilled"))

    in_transaction(fresh, meet)
    assert told(fresh, ward, "who", "stranger", ward["who"]) == ("slot_taken", ward["visit"])
    assert told(fresh, ward, "other", "whom", ward["other"]) == ("patient_busy", None)


def test_the_visit_is_named_that_is_in_the_way_of_a_move(fresh: Database, ward: dict[str, Any]) -> None:
    stranger = ward["stranger"]
    later = in_transaction(fresh, lambda session: at_desk(session, ward["who"], stranger, starts_at=at(hour=15)))
    for move in MOVES.values():
        work = lambda session, move=move: move(session, later, ward["who"], at())  # noqa: E731
        error = refused(lambda work=work: in_transaction(fresh, work))
        assert (error.code, error.facts) == ("slot_taken", {"appointment_id": ward["visit"]})


def test_a_crossed_visit_is_named_too(fresh: Database, ward: dict[str, Any]) -> None:
    assert told(fresh, ward, "other", "who", DESK) == ("patient_busy", ward["visit"])
