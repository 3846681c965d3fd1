"""Overbooking by the desk, with a reason: outside the doctor's hours, or at a time that is taken."""

from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.commands import BookAppointment, Overbooking, RescheduleAppointment
from contracts.scheduling.appointments.events import AppointmentBooked
from services.scheduling.appointments import rescheduling
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.availability import TimeOff
from services.scheduling.rules import OPEN_REQUESTS
from tests.scheduling.factories import add_doctor, at, book, free_slots, make_patient, make_user, published

DESK = make_user("receptionist")


def overbook(session: Session, doctor: Actor, **fields: Any) -> dict[str, Any]:
    """Overbook a visit as the desk."""
    return book(session, doctor, **{"actor": DESK, "patient_id": uuid7(), "overbook_reason": "urgent", **fields})


def test_overbooking_is_allowed_when_the_slot_is_taken(session: Session) -> None:
    doctor = add_doctor(session)
    book(session, doctor)
    visit = overbook(session, doctor)
    assert (visit["status"], visit["overbooked"], visit["starts_at"]) == ("booked", True, at())
    assert len(published(session, AppointmentBooked)) == 1


def test_overbooking_stores_the_reason_and_does_not_publish_it(session: Session) -> None:
    visit = overbook(session, add_doctor(session))
    assert session.get_one(Appointment, visit["id"]).overbook_reason == "urgent"
    assert "urgent" not in str(published(session, AppointmentBooked))
    assert [values["reason"] for _table, values in session.appended] == ["urgent"]


@pytest.mark.parametrize("caller", [{}, {"actor": DESK, "patient_id": uuid7()}], ids=["patient", "desk"])
def test_overbooked_time_is_not_a_free_slot(session: Session, caller: dict[str, Any]) -> None:
    doctor = add_doctor(session)
    overbook(session, doctor, starts_at=at(minute=20))
    assert [slot.starts_at for slot in free_slots(session, doctor, at(), at(hour=10, minute=30))] == [at(hour=10)]
    for starts_at in (at(), at(minute=30)):
        with pytest.raises(Conflict) as refused:
            book(session, doctor, **caller, starts_at=starts_at)
        assert refused.value.code == "slot_taken"
    assert overbook(session, doctor)["overbooked"]


def test_overbooked_visit_moves_to_a_slot_that_it_overlaps(session: Session) -> None:
    visit = overbook(session, add_doctor(session), starts_at=at(minute=20), minutes=30)
    given: dict[str, Any] = {"starts_at": at(), "overbook_reason": None, "minutes": None, "doctor_id": None}
    moved = rescheduling.reschedule(session, DESK, RescheduleAppointment(appointment_id=visit["id"], **given))
    assert (moved.starts_at, moved.overbooked) == (at(), False)


@pytest.mark.parametrize("contract", [BookAppointment, RescheduleAppointment])
def test_minutes_are_refused_without_an_overbooking_reason(contract: type[Overbooking]) -> None:
    ids = {
        name: str(uuid7()) for name in ("doctor_id", "patient_id", "appointment_id") if name in contract.schema().fields
    }
    fields = {**ids, "starts_at": at().isoformat(), "minutes": 40}
    for reason in ({}, {"overbook_reason": None}, {"overbook_reason": ""}):
        with pytest.raises(Invalid) as refused:
            contract.read({**fields, **reason})
        assert list(refused.value.facts["errors"])[-1] == (
            "minutes" if reason.get("overbook_reason") is None else "overbook_reason"
        )
    assert contract.read({**fields, "overbook_reason": "urgent"}).minutes == 40


@pytest.mark.parametrize(("hour", "minute"), [(18, 0), (9, 10)], ids=["beside the hours", "between slots"])
def test_overbooked_visit_takes_15_minutes_when_no_slot_begins_then(session: Session, hour: int, minute: int) -> None:
    doctor, starts_at = add_doctor(session), at(hour=hour, minute=minute)
    assert overbook(session, doctor, starts_at=starts_at)["ends_at"] - starts_at == timedelta(minutes=15)
    assert overbook(session, doctor, starts_at=starts_at, minutes=50)["ends_at"] - starts_at == timedelta(minutes=50)


def test_overbooked_visit_takes_the_slot_length_unless_minutes_are_given(session: Session) -> None:
    doctor = add_doctor(session)
    assert overbook(session, doctor)["ends_at"] == at(minute=30)
    assert overbook(session, doctor, minutes=50)["ends_at"] == at(minute=50)


def test_overbooking_is_refused_when_the_patient_is_busy(session: Session) -> None:
    patient = make_patient()
    book(session, add_doctor(session), actor=patient)
    with pytest.raises(Conflict) as refused:
        overbook(session, add_doctor(session), patient_id=patient.person, starts_at=at(minute=10))
    assert refused.value.code == "patient_busy"


def test_overbooking_is_refused_when_the_doctor_is_away(session: Session) -> None:
    doctor = add_doctor(session)
    away = {"starts_at": at(hour=18, minute=5), "ends_at": at(hour=20), "created_at": at(0)}
    session.add(TimeOff(doctor_id=doctor.person, **away))
    session.flush()
    with pytest.raises(Conflict) as refused:
        overbook(session, doctor, starts_at=at(hour=18))
    assert refused.value.code == "outside_hours"
    assert overbook(session, doctor, starts_at=at(hour=18), minutes=5)["overbooked"]


@pytest.mark.parametrize(("days", "code"), [(-1, "not_in_future"), (181, "too_far_ahead")])
def test_overbooking_is_refused_when_the_time_is_out_of_range(session: Session, days: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        overbook(session, add_doctor(session), starts_at=at(days))
    assert refused.value.code == code


def test_overbooking_is_refused_when_the_doctor_is_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        overbook(session, make_patient())


def test_overbooking_is_refused_to_patients_and_doctors(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    own = make_user("receptionist", "patient")
    fulfilled = {"starts_at": at(-3), "ends_at": at(-3, hour=10), "created_at": at(-3), "status": "fulfilled"}
    session.add(Appointment(doctor_id=doctor.person, patient_id=patient.person, **fulfilled))
    for caller, named in ((patient, patient), (doctor, patient), (own, own)):
        with pytest.raises(Forbidden) as refused:
            overbook(session, doctor, actor=caller, patient_id=named.person)
        assert refused.value.code == "desk_only"


def test_desk_books_a_patient_who_has_five_open_requests(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    for number in range(OPEN_REQUESTS):
        book(session, doctor, actor=patient, starts_at=at(2 + number))
    for more in ({}, {"overbook_reason": "urgent"}):
        starts_at = at(20, hour=10 + len(more))
        assert (
            book(session, doctor, actor=DESK, patient_id=patient.person, starts_at=starts_at, **more)["status"]
            == "booked"
        )
