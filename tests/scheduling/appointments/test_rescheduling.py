"""Rescheduling by the patient, the doctor or the desk, and changes by an admin."""

from datetime import time, timedelta

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Forbidden, Invalid, MatronError, NotFound, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentRescheduled
from contracts.scheduling.availability import SetSchedule
from services.scheduling.availability import weekly_hours
from services.scheduling.models.appointments import Appointment
from services.scheduling.rules import HORIZON, OPEN_REQUESTS
from tests.calls import called
from tests.scheduling.appointment_steps import book_accepted, change_appointment, displace, later, reschedule
from tests.scheduling.factories import (
    HALF_HOUR,
    Hours,
    add_doctor,
    at,
    book,
    changes_of,
    make_patient,
    make_user,
    published,
    transition,
)

DESK = make_user("receptionist")


def test_rescheduled_visit_is_requested_again_when_its_patient_moves_it(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    moved = reschedule(session, patient, visit)
    assert moved["id"] == visit["id"]
    assert (moved["status"], moved["revision"]) == ("requested", 3)
    assert (moved["starts_at"], moved["ends_at"]) == (later(), later() + HALF_HOUR)


@pytest.mark.parametrize("part", ["doctor", "desk"])
def test_rescheduled_request_is_booked_when_doctor_or_desk_moves_it(session: Session, part: str) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    assert reschedule(session, {"doctor": doctor, "desk": DESK}[part], visit)["status"] == "booked"


def test_rescheduling_publishes_one_event_with_the_new_status(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    reschedule(session, patient, visit)
    [event] = published(session, AppointmentRescheduled)
    assert (event["status"], event["revision"], event["starts_at"]) == ("requested", 2, later())
    assert changes_of(session, visit)[1:] == [(2, "requested", patient.person)]


def test_rescheduling_by_the_patient_restarts_the_time_to_answer(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit, moment = book(session, doctor, actor=patient), clock.now() + timedelta(hours=20)
    monkeypatch.setattr(clock, "now", lambda: moment)
    reschedule(session, patient, visit)
    assert session.get_one(Appointment, visit["id"]).requested_at == moment


def test_rescheduling_is_allowed_when_the_new_time_overlaps_the_old_time(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    hours = [Hours(weekday, time(9, 15)).view() for weekday in range(7)]
    weekly_hours.set_schedule(session, doctor, SetSchedule(doctor_id=doctor.person, rules=hours))
    assert reschedule(session, doctor, visit, starts_at=at(minute=15))["ends_at"] == at(minute=45)


@pytest.mark.parametrize("part", ["patient", "doctor", "desk"])
@pytest.mark.parametrize("status", ["requested", "booked"])
def test_rescheduling_changes_nothing_when_doctor_and_time_stay(session: Session, part: str, status: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient) if status == "requested" else book_accepted(session, doctor, patient)
    mover = {"patient": patient, "doctor": doctor, "desk": DESK}[part]
    assert reschedule(session, mover, visit, starts_at=visit["starts_at"], doctor_id=doctor.person) == visit
    assert published(session, AppointmentRescheduled) == []


def test_displaced_visit_is_booked_when_the_desk_restores_its_time(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book_accepted(session, doctor)
    displace(session, doctor, visit)
    assert reschedule(session, DESK, visit, starts_at=visit["starts_at"])["status"] == "booked"


def test_rescheduling_is_refused_when_the_slot_is_taken(session: Session) -> None:
    doctor = add_doctor(session)
    book(session, doctor, starts_at=later())
    visit = book(session, doctor)
    with pytest.raises(Conflict) as refused:
        reschedule(session, doctor, visit)
    assert refused.value.code == "slot_taken"


def test_rescheduling_is_refused_when_the_patient_is_busy(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    book(session, add_doctor(session), actor=patient, starts_at=later())
    visit = book(session, doctor, actor=patient)
    with pytest.raises(Conflict) as refused:
        reschedule(session, doctor, visit)
    assert refused.value.code == "patient_busy"


@pytest.mark.parametrize(
    ("days", "hour", "kind", "code"),
    [
        (2, 18, Conflict, "outside_hours"),
        (-1, 9, Invalid, "not_in_future"),
        (HORIZON.days + 1, 9, Invalid, "too_far_ahead"),
    ],
)
def test_rescheduling_is_refused_when_the_time_cannot_be_booked(
    session: Session, days: int, hour: int, kind: type[MatronError], code: str
) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    with pytest.raises(kind) as refused:
        reschedule(session, doctor, visit, starts_at=at(days, hour))
    assert refused.value.code == code


def test_rescheduling_by_the_patient_is_refused_within_24_hours_of_the_visit(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    soon = visit["starts_at"] - timedelta(hours=23)
    monkeypatch.setattr(clock, "now", lambda: soon)
    with pytest.raises(Conflict) as refused:
        reschedule(session, patient, visit)
    assert refused.value.code == "late_cancel"
    assert reschedule(session, DESK, visit)["status"] == "booked"


@pytest.mark.parametrize("stranger", [make_patient(), make_user("doctor"), make_user("nurse")])
def test_rescheduling_answers_not_found_to_strangers(session: Session, stranger: Actor) -> None:
    visit = book(session, add_doctor(session))
    for named in (visit, {"id": uuid7()}):
        with pytest.raises(NotFound) as refused:
            reschedule(session, stranger, named)
        assert refused.value.detail == "There is no such appointment."


def test_rescheduling_is_refused_when_the_doctor_has_lost_the_role(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    with pytest.raises(NotFound):
        reschedule(session, make_patient(doctor.person), visit)


def test_rescheduling_is_refused_when_the_visit_has_begun(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book_accepted(session, doctor)
    transition(session, doctor, visit, "start")
    with pytest.raises(Conflict) as refused:
        reschedule(session, doctor, visit)
    assert (refused.value.code, refused.value.facts) == ("cannot_be_moved", {"state": "in_progress"})


def test_rescheduling_is_refused_when_the_revision_is_stale(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book_accepted(session, doctor)
    with called(session, if_match='"1"'), pytest.raises(Stale):
        reschedule(session, doctor, visit)


def test_rescheduling_a_booked_visit_counts_as_an_open_request(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    requests = [book(session, doctor, actor=patient, starts_at=at(4 + number)) for number in range(OPEN_REQUESTS)]
    with pytest.raises(Conflict) as refused:
        reschedule(session, patient, visit)
    assert refused.value.code == "too_many_requests"
    assert reschedule(session, patient, requests[0])["status"] == "requested"


def test_displaced_visit_is_rescheduled_when_its_patient_has_five_requests(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    displace(session, doctor, visit)
    for number in range(OPEN_REQUESTS):
        book(session, doctor, actor=patient, starts_at=at(4 + number))
    moved = reschedule(session, patient, visit)
    assert (moved["status"], moved["first_call"], moved["status_reason"]) == ("requested", True, None)


def test_rescheduled_displaced_visit_does_not_count_as_an_open_request(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    displace(session, doctor, visit)
    reschedule(session, patient, visit)
    requests = [book(session, doctor, actor=patient, starts_at=at(4 + number)) for number in range(OPEN_REQUESTS)]
    assert len(requests) == OPEN_REQUESTS
    with pytest.raises(Conflict) as refused:
        book(session, doctor, actor=patient, starts_at=at(20))
    assert refused.value.code == "too_many_requests"


def test_overbooking_by_rescheduling_is_refused_to_patients_and_doctors(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    for caller in (doctor, patient):
        with pytest.raises(Forbidden) as refused:
            reschedule(session, caller, visit, overbook_reason="urgent")
        assert refused.value.code == "desk_only"


def test_overbooking_by_rescheduling_is_allowed_to_the_desk(session: Session) -> None:
    visit = book(session, add_doctor(session))
    moved = reschedule(session, DESK, visit, starts_at=at(hour=18), overbook_reason="urgent", minutes=20)
    assert (moved["overbooked"], moved["ends_at"]) == (True, at(hour=18, minute=20))


def test_overbooked_visit_becomes_regular_when_it_is_rescheduled(session: Session) -> None:
    visit = book(session, add_doctor(session))
    reschedule(session, DESK, visit, starts_at=at(hour=18), overbook_reason="urgent", minutes=20)
    assert not reschedule(session, DESK, visit)["overbooked"]


def test_request_is_booked_when_an_admin_sets_its_own_time(session: Session) -> None:
    visit = book(session, add_doctor(session))
    changed = change_appointment(session, visit, starts_at=visit["starts_at"])
    assert (changed["status"], changed["revision"]) == ("booked", 2)
    assert change_appointment(session, changed, starts_at=visit["starts_at"])["revision"] == 2


def test_admin_changes_time_place_and_reason_of_a_visit_at_once(session: Session) -> None:
    visit = book(session, add_doctor(session))
    changed = change_appointment(session, visit, starts_at=later(), place="Room 3", reason="knee")
    assert (changed["status"], changed["starts_at"]) == ("booked", later())
    assert (changed["place"], changed["reason"], changed["revision"]) == ("Room 3", "knee", 2)
    assert len(published(session, AppointmentRescheduled)) == 1


@pytest.mark.parametrize("status", ["requested", "booked", "displaced"])
def test_changing_the_place_keeps_the_status_and_allows_a_past_time(
    session: Session, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor) if status == "requested" else book_accepted(session, doctor)
    if status == "displaced":
        displace(session, doctor, visit)
    past = visit["starts_at"] + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: past)
    changed = change_appointment(session, visit, place="Room 3")
    assert (changed["status"], changed["place"]) == (status, "Room 3")
    assert [event["status"] for event in published(session, AppointmentRescheduled)] == [status]


def test_changing_to_the_same_facts_publishes_nothing(session: Session) -> None:
    visit = book_accepted(session, add_doctor(session))
    unchanged = change_appointment(session, visit, starts_at=visit["starts_at"], place=None)
    assert (unchanged["revision"], published(session, AppointmentRescheduled)) == (visit["revision"], [])


def test_changing_is_refused_when_the_visit_is_over(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    transition(session, doctor, visit, "reject", reason="full")
    with pytest.raises(Conflict) as refused:
        change_appointment(session, visit, place="Room 3")
    assert refused.value.code == "cannot_be_moved"
