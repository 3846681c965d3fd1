"""Booking, and the way of a visit from request to completion."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentRequested,
    VisitCompleted,
    VisitStarted,
)
from contracts.scheduling.appointments.views import AppointmentStatus
from services.scheduling.models.appointments import Appointment
from services.scheduling.rules import HORIZON, OPEN_REQUESTS
from tests.calls import called
from tests.scheduling.factories import (
    HALF_HOUR,
    Hours,
    add_doctor,
    at,
    book,
    changes_of,
    complete_visit,
    make_patient,
    make_user,
    published,
    transition,
)
from tests.scheduling.recorded_sql import record_statements

RECEPTIONIST = make_user("receptionist")


def test_booking_by_a_patient_is_a_request(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient, reason="chest pain")
    assert (visit["status"], visit["revision"], visit["reason"]) == ("requested", 1, "chest pain")
    assert (visit["doctor_id"], visit["patient_id"]) == (doctor.person, patient.person)
    assert visit["ends_at"] - visit["starts_at"] == HALF_HOUR


def test_booking_by_a_patient_takes_one_select_and_one_insert(session: Session) -> None:
    doctor = add_doctor(session)
    session.flush()
    with record_statements(session) as sent:
        book(session, doctor)
    assert [statement.split()[0] for statement, _values in sent] == ["SELECT", "INSERT"]


def test_booking_by_a_patient_publishes_no_reason(session: Session) -> None:
    visit = book(session, add_doctor(session), reason="chest pain")
    [event] = published(session, AppointmentRequested)
    assert (event["appointment_id"], event["revision"]) == (visit["id"], 1)
    assert "chest pain" not in str(event)


def test_booking_by_the_desk_is_booked_at_once(session: Session) -> None:
    visit = book(session, add_doctor(session), actor=RECEPTIONIST, patient_id=uuid7())
    assert visit["status"] == "booked"
    assert len(published(session, AppointmentBooked)) == 1


def test_booking_by_a_doctor_is_booked_only_in_the_own_calendar(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    add_past_visit(session, doctor, patient)
    again = {"patient_id": patient.person, "starts_at": at(hour=11)}
    assert book(session, doctor, actor=doctor, **again)["status"] == "booked"
    with pytest.raises(NotFound):
        book(session, add_doctor(session), actor=doctor, **again)


@pytest.mark.parametrize("status", AppointmentStatus)
def test_booking_by_a_doctor_requires_an_attended_visit(session: Session, status: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    add_past_visit(session, doctor, patient, status=status)
    again: dict[str, Any] = {"actor": doctor, "patient_id": patient.person, "starts_at": at(hour=11)}
    if status in ("arrived", "in_progress", "fulfilled"):
        assert book(session, doctor, **again)["status"] == "booked"
        return
    with pytest.raises(NotFound):
        book(session, doctor, **again)


@pytest.mark.parametrize(("days", "found"), [(364, "booked"), (366, None)])
def test_booking_by_a_doctor_requires_a_visit_within_a_year(session: Session, days: int, found: str | None) -> None:
    doctor, patient = add_doctor(session), make_patient()
    add_past_visit(session, doctor, patient, at(-days))
    with pytest.raises(NotFound) if found is None else nullcontext():
        assert book(session, doctor, actor=doctor, patient_id=patient.person)["status"] == found


def test_booking_by_a_doctor_is_refused_when_the_attended_visit_is_ahead(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    add_past_visit(session, doctor, patient, at(days=60))
    with pytest.raises(NotFound):
        book(session, doctor, actor=doctor, patient_id=patient.person)


def add_past_visit(
    session: Session, doctor: Actor, patient: Actor, starts_at: datetime | None = None, status: str = "fulfilled"
) -> None:
    """Add a visit of the patient with the doctor, by default completed three days ago."""
    begins = starts_at or at(-3)
    times = {"starts_at": begins, "ends_at": begins + HALF_HOUR, "created_at": begins}
    session.add(Appointment(doctor_id=doctor.person, patient_id=patient.person, **times, status=status))
    session.flush()


def test_booking_by_a_doctor_is_refused_for_an_unknown_patient(session: Session) -> None:
    doctor = add_doctor(session)
    with pytest.raises(NotFound):
        book(session, doctor, actor=doctor, patient_id=uuid7())


def test_booking_by_a_doctor_at_another_doctor_is_a_request(session: Session) -> None:
    assert book(session, add_doctor(session), actor=add_doctor(session))["status"] == "requested"


@pytest.mark.parametrize("actor", [make_patient(), RECEPTIONIST], ids=["patient", "desk"])
def test_booking_is_refused_when_the_patient_is_named_as_doctor(session: Session, actor: Actor) -> None:
    patient = make_patient() if actor is RECEPTIONIST else actor
    with pytest.raises(NotFound) as refused:
        book(session, patient, actor=actor, patient_id=patient.person)
    assert refused.value.detail == "There is no such doctor."


def test_booking_takes_the_place_of_the_slot(session: Session) -> None:
    doctor = add_doctor(session, rules=[Hours(weekday, place="Room 7").view() for weekday in range(7)])
    assert book(session, doctor)["place"] == "Room 7"


def test_booking_for_another_patient_is_refused_to_patients(session: Session) -> None:
    with pytest.raises(NotFound):
        book(session, add_doctor(session), patient_id=uuid7())


def test_booking_is_refused_when_the_slot_is_taken(session: Session) -> None:
    doctor = add_doctor(session)
    book(session, doctor)
    with pytest.raises(Conflict) as refused:
        book(session, doctor)
    assert refused.value.code == "slot_taken"


def test_booking_is_refused_when_the_patient_is_busy(session: Session) -> None:
    patient = make_patient()
    book(session, add_doctor(session), actor=patient)
    with pytest.raises(Conflict) as refused:
        book(session, add_doctor(session), actor=patient)
    assert refused.value.code == "patient_busy"


def test_booking_the_next_slot_is_allowed_to_the_same_patient(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    first = book(session, doctor, actor=patient)
    second = book(session, doctor, actor=patient, starts_at=first["ends_at"])
    assert second["starts_at"] == first["ends_at"]


@pytest.mark.parametrize(("hour", "minute"), [(8, 0), (17, 0), (9, 10)], ids=["before", "after", "between"])
def test_booking_is_refused_when_no_slot_begins_then(session: Session, hour: int, minute: int) -> None:
    with pytest.raises(Conflict) as refused:
        book(session, add_doctor(session), starts_at=at(hour=hour, minute=minute))
    assert refused.value.code == "outside_hours"


def test_booking_is_refused_when_the_doctor_has_no_hours(session: Session) -> None:
    with pytest.raises(Conflict) as refused:
        book(session, add_doctor(session, rules=[]))
    assert refused.value.code == "outside_hours"


def test_booking_is_refused_when_the_doctor_is_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        book(session, make_patient())


def test_booking_is_refused_when_the_time_is_past(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        book(session, add_doctor(session), starts_at=at(-1))
    assert refused.value.code == "not_in_future"


def test_booking_is_refused_more_than_180_days_ahead(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        book(session, add_doctor(session), starts_at=at(HORIZON.days + 1))
    assert refused.value.code == "too_far_ahead"


def test_booking_is_refused_when_the_patient_has_five_open_requests(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    for number in range(OPEN_REQUESTS):
        book(session, doctor, actor=patient, starts_at=at(2 + number))
    with pytest.raises(Conflict) as refused:
        book(session, doctor, actor=patient, starts_at=at(20))
    assert refused.value.code == "too_many_requests"


def test_booking_is_allowed_when_one_of_five_requests_is_accepted(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    booked = [book(session, doctor, actor=patient, starts_at=at(2 + number)) for number in range(OPEN_REQUESTS)]
    transition(session, doctor, booked[0], "accept")
    assert book(session, doctor, actor=patient, starts_at=at(20))["status"] == "requested"


def test_visit_is_accepted_started_and_completed(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    states = complete_visit(session, doctor, visit)
    assert [(state["status"], state["revision"]) for state in states] == [
        ("booked", 2),
        ("in_progress", 3),
        ("fulfilled", 4),
    ]
    for event in (AppointmentBooked, VisitStarted, VisitCompleted):
        assert [data["appointment_id"] for data in published(session, event)] == [visit["id"]]


def test_changes_are_stored_with_their_authors(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    transition(session, doctor, visit, "accept")
    assert changes_of(session, visit) == [(1, "requested", patient.person), (2, "booked", doctor.person)]


MOVES: dict[str, dict[str, Any]] = {
    "accept": {},
    "reject": {"reason": "full"},
    "arrive": {},
    "start": {},
    "complete": {},
    "miss": {},
    "cancel": {"reason": "a cold"},
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("role", ["doctor", "nurse", "patient"])
def test_change_answers_not_found_to_strangers(session: Session, name: str, role: str) -> None:
    visit = book(session, add_doctor(session))
    for named in (visit, {"id": uuid7()}):
        with pytest.raises(NotFound) as refused:
            transition(session, make_user(role), named, name, **MOVES[name])
        assert refused.value.detail == "There is no such appointment."


@pytest.mark.parametrize("name", ["accept", "reject", "arrive", "start", "complete", "miss"])
def test_change_is_refused_when_the_patient_acts_as_staff(session: Session, name: str) -> None:
    patient = make_patient()
    visit = book(session, add_doctor(session), actor=patient)
    with pytest.raises(Forbidden) as refused:
        transition(session, patient, visit, name, **MOVES[name])
    assert refused.value.code == "own_visit"


@pytest.mark.parametrize("name", MOVES)
def test_change_is_refused_when_the_revision_is_stale(session: Session, name: str) -> None:
    doctor = add_doctor(session)
    visit = transition(session, doctor, book(session, doctor), "accept")
    both = Actor(id=doctor.id, roles=frozenset({"doctor", "receptionist"}))
    with called(session, if_match='"1"'), pytest.raises(Stale) as refused:
        transition(session, both, visit, name, **MOVES[name])
    assert refused.value.facts == {"revision": 2}


def test_completed_visit_leaves_its_slot_free(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    complete_visit(session, doctor, visit)
    assert book(session, doctor)["status"] == "requested"


def test_times_are_stored_in_utc(session: Session) -> None:
    starts_at = at()
    visit = book(session, add_doctor(session), starts_at=starts_at)
    assert visit["starts_at"] == starts_at
    assert visit["starts_at"].utcoffset() == timedelta(0)
