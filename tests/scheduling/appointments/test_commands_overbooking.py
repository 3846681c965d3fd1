"""Overbooking: the desk alone, with a reason, beside the doctor's hours or at a time that somebody has."""

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
from tests.scheduling.factories import at, book, doctor, free, patient, said

DESK = patient(None, "receptionist")


def overbook(session: Session, who: Actor, **fields: Any) -> dict[str, Any]:
    """A visit that the desk books all the same."""
    return book(session, who, **{"actor": DESK, "patient_id": uuid7(), "overbook_reason": "urgent", **fields})


def test_a_time_that_somebody_has_is_given_twice(session: Session) -> None:
    who = doctor(session)
    book(session, who)
    visit = overbook(session, who)
    assert (visit["status"], visit["overbooked"], visit["starts_at"]) == ("booked", True, at())
    assert len(said(session, AppointmentBooked)) == 1


def test_the_reason_is_kept_and_not_told_to_the_world(session: Session) -> None:
    visit = overbook(session, doctor(session))
    assert session.get_one(Appointment, visit["id"]).overbook_reason == "urgent"
    assert "urgent" not in str(said(session, AppointmentBooked))
    assert [values["reason"] for _table, values in session.appended] == ["urgent"]


@pytest.mark.parametrize("asking", [{}, {"actor": DESK, "patient_id": uuid7()}], ids=["patient", "desk"])
def test_a_time_that_is_overbooked_is_no_free_slot(session: Session, asking: dict[str, Any]) -> None:
    who = doctor(session)
    overbook(session, who, starts_at=at(minute=20))
    assert [slot.starts_at for slot in free(session, who, at(), at(hour=10, minute=30))] == [at(hour=10)]
    for starts_at in (at(), at(minute=30)):
        with pytest.raises(Conflict) as refused:
            book(session, who, **asking, starts_at=starts_at)
        assert refused.value.code == "slot_taken"
    assert overbook(session, who)["overbooked"]


def test_an_overbooked_visit_is_not_in_the_way_of_itself(session: Session) -> None:
    visit = overbook(session, doctor(session), starts_at=at(minute=20), minutes=30)
    given: dict[str, Any] = {"starts_at": at(), "overbook_reason": None, "minutes": None, "doctor_id": None}
    moved = rescheduling.reschedule(session, DESK, RescheduleAppointment(appointment_id=visit["id"], **given))
    assert (moved.starts_at, moved.overbooked) == (at(), False)


@pytest.mark.parametrize("contract", [BookAppointment, RescheduleAppointment])
def test_only_an_overbooked_visit_takes_other_minutes_than_its_slot(contract: type[Overbooking]) -> None:
    ids = {
        name: str(uuid7()) for name in ("doctor_id", "patient_id", "appointment_id") if name in contract.schema().fields
    }
    asked = {**ids, "starts_at": at().isoformat(), "minutes": 40}
    for reason in ({}, {"overbook_reason": None}, {"overbook_reason": ""}):
        with pytest.raises(Invalid) as refused:
            contract.read({**asked, **reason})
        assert list(refused.value.facts["errors"])[-1] == (
            "minutes" if reason.get("overbook_reason") is None else "overbook_reason"
        )
    assert contract.read({**asked, "overbook_reason": "urgent"}).minutes == 40


@pytest.mark.parametrize(("hour", "minute"), [(18, 0), (9, 10)], ids=["beside the hours", "between slots"])
def test_where_there_is_no_slot_a_visit_takes_fifteen_minutes_or_what_is_said(
    session: Session, hour: int, minute: int
) -> None:
    who, starts_at = doctor(session), at(hour=hour, minute=minute)
    assert overbook(session, who, starts_at=starts_at)["ends_at"] - starts_at == timedelta(minutes=15)
    assert overbook(session, who, starts_at=starts_at, minutes=50)["ends_at"] - starts_at == timedelta(minutes=50)


def test_where_there_is_a_slot_a_visit_takes_that_or_what_is_said(session: Session) -> None:
    who = doctor(session)
    assert overbook(session, who)["ends_at"] == at(minute=30)
    assert overbook(session, who, minutes=50)["ends_at"] == at(minute=50)


def test_the_patient_is_not_in_two_places_all_the_same(session: Session) -> None:
    asking = patient()
    book(session, doctor(session), actor=asking)
    with pytest.raises(Conflict) as refused:
        overbook(session, doctor(session), patient_id=asking.person, starts_at=at(minute=10))
    assert refused.value.code == "patient_busy"


def test_who_is_away_is_not_overbooked(session: Session) -> None:
    who = doctor(session)
    away = {"starts_at": at(hour=18, minute=5), "ends_at": at(hour=20), "created_at": at(0)}
    session.add(TimeOff(doctor_id=who.person, **away))
    session.flush()
    with pytest.raises(Conflict) as refused:
        overbook(session, who, starts_at=at(hour=18))
    assert refused.value.code == "outside_hours"
    assert overbook(session, who, starts_at=at(hour=18), minutes=5)["overbooked"]


@pytest.mark.parametrize(("days", "code"), [(-1, "not_in_future"), (181, "too_far_ahead")])
def test_the_past_and_the_far_future_are_not_overbooked(session: Session, days: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        overbook(session, doctor(session), starts_at=at(days))
    assert refused.value.code == code


def test_an_unknown_doctor_is_not_overbooked(session: Session) -> None:
    with pytest.raises(NotFound):
        overbook(session, patient())


def test_only_the_desk_overbooks(session: Session) -> None:
    who, asking = doctor(session), patient()
    own = patient(None, "receptionist", "patient")
    fulfilled = {"starts_at": at(-3), "ends_at": at(-3, hour=10), "created_at": at(-3), "status": "fulfilled"}
    session.add(Appointment(doctor_id=who.person, patient_id=asking.person, **fulfilled))
    for one, whom in ((asking, asking), (who, asking), (own, own)):
        with pytest.raises(Forbidden) as refused:
            overbook(session, who, actor=one, patient_id=whom.person)
        assert refused.value.code == "desk_only"


def test_five_open_requests_do_not_keep_the_desk_from_booking(session: Session) -> None:
    who, asking = doctor(session), patient()
    for number in range(OPEN_REQUESTS):
        book(session, who, actor=asking, starts_at=at(2 + number))
    for more in ({}, {"overbook_reason": "urgent"}):
        starts_at = at(20, hour=10 + len(more))
        assert (
            book(session, who, actor=DESK, patient_id=asking.person, starts_at=starts_at, **more)["status"] == "booked"
        )
