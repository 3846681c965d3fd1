"""Moving visits to another doctor, by the patient, the desk or an admin."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, NotFound
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentRescheduled
from tests.scheduling.appointment_steps import book_accepted, change_appointment, later, reschedule
from tests.scheduling.departures import suspend_doctor
from tests.scheduling.factories import add_doctor, at, book, make_patient, make_user, published

DESK = make_user("receptionist")


@pytest.mark.parametrize(("part", "status"), [("patient", "requested"), ("desk", "booked")])
def test_rescheduling_to_another_doctor_publishes_the_former_doctor(session: Session, part: str, status: str) -> None:
    doctor, other, patient = add_doctor(session), add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    moved = reschedule(session, {"patient": patient, "desk": DESK}[part], visit, doctor_id=other.person)
    assert (moved["doctor_id"], moved["status"], moved["starts_at"]) == (other.person, status, later())
    [event] = published(session, AppointmentRescheduled)
    assert (event["doctor_id"], event["former_doctor_id"]) == (other.person, doctor.person)


def test_rescheduling_publishes_no_former_doctor_when_the_doctor_stays(session: Session) -> None:
    doctor = add_doctor(session)
    reschedule(session, doctor, book(session, doctor))
    change_appointment(session, book_accepted(session, doctor, starts_at=at(5)), place="Room 3")
    assert [event["former_doctor_id"] for event in published(session, AppointmentRescheduled)] == [None, None]


def test_rescheduling_to_another_doctor_is_refused_to_doctors(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor)
    with pytest.raises(Forbidden) as refused:
        reschedule(session, doctor, visit, doctor_id=other.person)
    assert refused.value.code == "desk_only"


def test_moving_is_refused_when_the_new_doctor_is_the_patient(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor, actor=make_patient(other.person))
    for give in (
        lambda **facts: reschedule(session, DESK, visit, **facts),
        lambda **facts: change_appointment(session, visit, **facts),
    ):
        with pytest.raises(Conflict) as refused:
            give(doctor_id=other.person)
        assert refused.value.code == "own_visit"


@pytest.mark.parametrize("part", ["patient", "desk", "admin"])
def test_moving_requires_another_doctor_when_the_doctor_has_left(session: Session, part: str) -> None:
    doctor, other, patient = add_doctor(session), add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    suspend_doctor(session, doctor)

    def give(**fields: Any) -> dict[str, Any]:
        return (
            change_appointment(session, visit, **fields)
            if part == "admin"
            else reschedule(session, mover, visit, **fields)
        )

    mover = patient if part == "patient" else DESK
    with pytest.raises(Conflict) as refused:
        give(starts_at=later())
    assert refused.value.code == "doctor_gone"
    assert give(starts_at=later(), doctor_id=other.person)["doctor_id"] == other.person


def test_admin_moves_a_visit_to_another_doctor_at_the_same_time(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    visit = book(session, doctor)
    changed = change_appointment(session, visit, doctor_id=other.person)
    assert (changed["doctor_id"], changed["status"], changed["revision"]) == (other.person, "booked", 2)
    assert changed["starts_at"] == visit["starts_at"]


def test_moving_is_refused_when_the_slot_of_the_new_doctor_is_taken(session: Session) -> None:
    other, visit = add_doctor(session), book(session, add_doctor(session))
    book(session, other)
    with pytest.raises(Conflict) as refused:
        change_appointment(session, visit, doctor_id=other.person)
    assert refused.value.code == "slot_taken"


def test_moving_is_refused_when_the_new_doctor_is_unknown(session: Session) -> None:
    visit = book(session, add_doctor(session))
    with pytest.raises(NotFound):
        change_appointment(session, visit, doctor_id=uuid7())


def test_moving_is_refused_when_the_patient_names_the_patient_as_doctor(session: Session) -> None:
    patient = make_patient()
    visit = book(session, add_doctor(session), actor=patient)
    with pytest.raises(NotFound) as refused:
        reschedule(session, patient, visit, doctor_id=patient.person)
    assert refused.value.detail == "There is no such doctor."
