"""Visits that go to another doctor: by their patient, the desk or an admin."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, NotFound
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentRescheduled
from services.scheduling.directory import doctors
from tests.scheduling.appointments.test_rescheduling import DESK, LATER, agreed, change, code_of, reschedule
from tests.scheduling.factories import at, book, doctor, heard, patient, said


@pytest.mark.parametrize(("part", "status"), [("patient", "requested"), ("desk", "booked")])
def test_a_visit_moves_to_another_doctor_and_the_former_one_is_named(session: Session, part: str, status: str) -> None:
    who, other, asking = doctor(session), doctor(session), patient()
    visit = agreed(session, who, asking)
    moved = reschedule(session, {"patient": asking, "desk": DESK}[part], visit, doctor_id=other.person)
    assert (moved["doctor_id"], moved["status"], moved["starts_at"]) == (other.person, status, at(**LATER))
    [told] = said(session, AppointmentRescheduled)
    assert (told["doctor_id"], told["former_doctor_id"]) == (other.person, who.person)


def test_no_doctor_has_lost_a_visit_that_only_moves(session: Session) -> None:
    who = doctor(session)
    reschedule(session, who, book(session, who))
    change(session, agreed(session, who, starts_at=at(5)), place="Room 3")
    assert [told["former_doctor_id"] for told in said(session, AppointmentRescheduled)] == [None, None]


def test_a_doctor_gives_no_visit_to_another_doctor(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who)
    with pytest.raises(Forbidden) as refused:
        reschedule(session, who, visit, doctor_id=other.person)
    assert code_of(refused) == "desk_only"


def test_a_visit_does_not_move_to_a_doctor_who_is_its_patient(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who, actor=patient(other.person))
    for give in (
        lambda **facts: reschedule(session, DESK, visit, **facts),
        lambda **facts: change(session, visit, **facts),
    ):
        with pytest.raises(Conflict) as refused:
            give(doctor_id=other.person)
        assert code_of(refused) == "own_visit"


@pytest.mark.parametrize("part", ["patient", "desk", "admin"])
def test_a_visit_of_a_doctor_who_is_gone_moves_only_to_another_one(session: Session, part: str) -> None:
    who, other, asking = doctor(session), doctor(session), patient()
    visit = agreed(session, who, asking)
    doctors.suspend(session, heard(session, 2), user_id=who.person)

    def give(**fields: Any) -> dict[str, Any]:
        return change(session, visit, **fields) if part == "admin" else reschedule(session, mover, visit, **fields)

    mover = asking if part == "patient" else DESK
    with pytest.raises(Conflict) as refused:
        give(starts_at=at(**LATER))
    assert code_of(refused) == "doctor_gone"
    assert give(starts_at=at(**LATER), doctor_id=other.person)["doctor_id"] == other.person


def test_an_admin_gives_a_visit_to_another_doctor_at_the_same_time(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    visit = book(session, who)
    changed = change(session, visit, doctor_id=other.person)
    assert (changed["doctor_id"], changed["status"], changed["revision"]) == (other.person, "booked", 2)
    assert changed["starts_at"] == visit["starts_at"]


def test_another_doctor_who_has_that_time_does_not_get_the_visit(session: Session) -> None:
    other, visit = doctor(session), book(session, doctor(session))
    book(session, other)
    with pytest.raises(Conflict) as refused:
        change(session, visit, doctor_id=other.person)
    assert code_of(refused) == "slot_taken"


def test_a_visit_is_not_given_to_an_unknown_doctor(session: Session) -> None:
    visit = book(session, doctor(session))
    with pytest.raises(NotFound):
        change(session, visit, doctor_id=uuid7())


def test_a_visit_is_not_given_to_its_patient_who_is_no_doctor(session: Session) -> None:
    asking = patient()
    visit = book(session, doctor(session), actor=asking)
    with pytest.raises(NotFound) as refused:
        reschedule(session, asking, visit, doctor_id=asking.person)
    assert refused.value.detail == "There is no such doctor."
