"""Rejection, cancellation, no-show and displacement of visits, and arrival of patients."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import (
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentMissed,
    AppointmentRejected,
    PatientArrived,
)
from services.scheduling.appointments import commands as appointments
from services.scheduling.models.appointments import Appointment, AppointmentChange
from services.scheduling.models.availability import TimeOff
from tests.scheduling.appointment_steps import book_accepted
from tests.scheduling.departures import suspend_doctor
from tests.scheduling.factories import (
    add_doctor,
    book,
    changes_of,
    make_patient,
    make_user,
    published,
    transition,
)

DESK = make_user("receptionist")


@pytest.fixture
def doctor(session: Session) -> Actor:
    """A doctor with hours."""
    return add_doctor(session)


def set_clock_before(monkeypatch: pytest.MonkeyPatch, visit: dict[str, Any], **before: float) -> None:
    """Set the clock to a time before the visit."""
    moment = visit["starts_at"] - timedelta(**before)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_rejecting_keeps_the_reason_and_does_not_publish_it(session: Session, doctor: Actor) -> None:
    visit = transition(session, doctor, book(session, doctor), "reject", reason="full")
    assert (visit["status"], visit["status_reason"], visit["revision"]) == ("rejected", "full", 2)
    [event] = published(session, AppointmentRejected)
    assert (event["appointment_id"], event["revision"]) == (visit["id"], 2)
    assert "full" not in str(event)


def test_rejecting_frees_the_slot(session: Session, doctor: Actor) -> None:
    transition(session, doctor, book(session, doctor), "reject", reason="full")
    assert book(session, doctor)["status"] == "requested"


@pytest.mark.parametrize("state", ["requested", "booked"])
def test_cancelling_by_the_patient_keeps_the_reason_and_publishes_the_event(
    session: Session, doctor: Actor, state: str
) -> None:
    patient = make_patient()
    visit = book(session, doctor, actor=patient) if state == "requested" else book_accepted(session, doctor, patient)
    cancelled = transition(session, patient, visit, "cancel", reason="a cold")
    assert (cancelled["status"], cancelled["status_reason"]) == ("cancelled", "a cold")
    [event] = published(session, AppointmentCancelled)
    assert (event["by"], event["late"], event["revision"]) == ("patient", False, cancelled["revision"])


def test_cancelling_a_booked_visit_is_refused_to_patients_within_24_hours(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = make_patient()
    visit = book_accepted(session, doctor, patient)
    set_clock_before(monkeypatch, visit, hours=23, minutes=59)
    with pytest.raises(Conflict) as refused:
        transition(session, patient, visit, "cancel", reason="a cold")
    assert refused.value.code == "late_cancel"
    set_clock_before(monkeypatch, visit, hours=24)
    assert transition(session, patient, visit, "cancel", reason="a cold")["status"] == "cancelled"


def test_cancelling_a_request_is_allowed_to_patients_until_its_start(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = make_patient()
    visit = book(session, doctor, actor=patient)
    set_clock_before(monkeypatch, visit, minutes=1)
    assert transition(session, patient, visit, "cancel", reason="a cold")["status"] == "cancelled"
    assert not published(session, AppointmentCancelled)[0]["late"]


def test_cancelling_by_the_desk_within_24_hours_is_published_as_late(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = book_accepted(session, doctor)
    set_clock_before(monkeypatch, visit, hours=1)
    transition(session, DESK, visit, "cancel", reason="a burst pipe")
    [event] = published(session, AppointmentCancelled)
    assert (event["by"], event["late"]) == ("desk", True)


def test_cancelling_an_own_visit_is_refused_to_receptionists_within_24_hours(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = make_user("receptionist", "patient")
    visit = book_accepted(session, doctor, both)
    set_clock_before(monkeypatch, visit, hours=1)
    with pytest.raises(Conflict) as refused:
        transition(session, both, visit, "cancel", reason="a cold")
    assert refused.value.code == "late_cancel"


def test_cancelling_a_displaced_visit_is_allowed_to_patients_within_24_hours(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = make_patient()
    visit = book_accepted(session, doctor, patient)
    appointments.displace(session, doctor, session.get_one(Appointment, visit["id"]), reason=None)
    set_clock_before(monkeypatch, visit, hours=1)
    assert transition(session, patient, visit, "cancel", reason="elsewhere")["status"] == "cancelled"


def add_present_visit(
    session: Session, doctor: Actor, patient: Actor, monkeypatch: pytest.MonkeyPatch, state: str
) -> dict[str, Any]:
    """Add a visit whose patient has arrived, or is with the doctor."""
    visit = book_accepted(session, doctor, patient)
    set_clock_before(monkeypatch, visit, hours=1)
    return transition(session, *{"arrived": (DESK, visit, "arrive"), "in_progress": (doctor, visit, "start")}[state])


@pytest.mark.parametrize("state", ["arrived", "in_progress"])
def test_cancelling_is_refused_to_patients_who_have_arrived(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    patient = make_patient()
    visit = add_present_visit(session, doctor, patient, monkeypatch, state)
    with pytest.raises(Conflict) as refused:
        transition(session, patient, visit, "cancel", reason="too late")
    assert (refused.value.code, refused.value.facts) == ("cannot_be_cancelled", {"state": state})


@pytest.mark.parametrize("state", ["arrived", "in_progress"])
def test_cancelling_by_the_desk_is_allowed_when_the_patient_has_arrived(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    visit = add_present_visit(session, doctor, make_patient(), monkeypatch, state)
    cancelled = transition(session, DESK, visit, "cancel", reason="left without being seen")
    assert (cancelled["status"], cancelled["revision"]) == ("cancelled", 4)
    [event] = published(session, AppointmentCancelled)
    assert (event["by"], event["late"], event["revision"]) == ("desk", False, 4)
    assert book(session, doctor, starts_at=visit["starts_at"])["status"] == "requested"


def add_missed_visit(
    session: Session, doctor: Actor, patient: Actor, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Add a visit that is marked as missed one minute after its start."""
    visit = book_accepted(session, doctor, patient)
    set_clock_before(monkeypatch, visit, minutes=-1)
    return transition(session, doctor, visit, "miss")


def test_missed_visit_is_resumed_when_its_patient_arrives_late(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = add_missed_visit(session, doctor, make_patient(), monkeypatch)
    assert transition(session, DESK, visit, "arrive")["status"] == "arrived"
    assert [event["revision"] for event in published(session, PatientArrived)] == [visit["revision"] + 1]
    assert transition(session, doctor, visit, "start")["status"] == "in_progress"


@pytest.mark.parametrize("code", ["slot_taken", "patient_busy"])
def test_late_arrival_is_refused_when_the_time_is_taken(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    patient = make_patient()
    visit = add_missed_visit(session, doctor, patient, monkeypatch)
    set_clock_before(monkeypatch, visit, hours=1)
    taken = {"slot_taken": (doctor, make_patient()), "patient_busy": (add_doctor(session), patient)}[code]
    book(session, taken[0], actor=taken[1], starts_at=visit["starts_at"])
    with pytest.raises(Conflict) as refused:
        transition(session, DESK, visit, "arrive")
    assert refused.value.code == code


def test_late_arrival_is_refused_when_the_doctor_is_away(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = add_missed_visit(session, doctor, make_patient(), monkeypatch)
    away = {"starts_at": visit["starts_at"], "ends_at": visit["ends_at"], "created_at": clock.now()}
    session.add(TimeOff(doctor_id=doctor.person, **away))
    with pytest.raises(Conflict) as refused:
        transition(session, DESK, visit, "arrive")
    assert refused.value.code == "outside_hours"


def test_late_arrival_is_refused_when_the_doctor_has_left(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = add_missed_visit(session, doctor, make_patient(), monkeypatch)
    suspend_doctor(session, doctor)
    with pytest.raises(Conflict) as refused:
        transition(session, DESK, visit, "arrive")
    assert refused.value.code == "doctor_gone"


def test_accepting_is_refused_at_the_start_when_no_timer_has_run(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = book(session, doctor)
    set_clock_before(monkeypatch, visit, minutes=0)
    with pytest.raises(Conflict) as refused:
        transition(session, doctor, visit, "accept")
    assert refused.value.code == "too_late"


def test_arrival_is_published_when_the_desk_marks_it(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = book_accepted(session, doctor)
    set_clock_before(monkeypatch, visit, hours=12)
    assert transition(session, DESK, visit, "arrive")["status"] == "arrived"
    assert [event["revision"] for event in published(session, PatientArrived)] == [3]
    assert transition(session, doctor, visit, "start")["status"] == "in_progress"


@pytest.mark.parametrize("part", ["doctor", "desk"])
def test_no_show_is_marked_by_doctor_or_desk(
    session: Session, doctor: Actor, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    visit = book_accepted(session, doctor)
    set_clock_before(monkeypatch, visit, minutes=-1)
    assert transition(session, {"doctor": doctor, "desk": DESK}[part], visit, "miss")["status"] == "no_show"
    assert len(published(session, AppointmentMissed)) == 1


def test_displaced_visit_keeps_the_reason_and_has_first_call(session: Session, doctor: Actor) -> None:
    visit = book_accepted(session, doctor)
    row = session.get_one(Appointment, visit["id"])
    appointments.displace(session, doctor, row, reason="holiday")
    assert (row.status, row.status_reason, row.first_call, row.revision) == ("displaced", "holiday", True, 3)
    assert [event["revision"] for event in published(session, AppointmentDisplaced)] == [3]
    assert changes_of(session, visit)[-1] == (3, "displaced", doctor.person)


def test_reasons_of_an_erased_patient_are_deleted_everywhere(session: Session, doctor: Actor) -> None:
    patient, other = make_patient(), make_patient()
    texts = {}
    for author in (patient, other):
        visit = book(session, doctor, actor=author, reason="knee")
        transition(session, author, visit, "cancel", reason="better")
        changes_of(session, visit)
        appointments.forget_reasons(session, patient.person)
        row = session.get_one(Appointment, visit["id"], populate_existing=True)
        changes = session.query(AppointmentChange.reason).filter_by(appointment_id=visit["id"], revision=2)
        texts[author] = (row.reason, row.status_reason, changes.scalar())
    assert texts == {patient: (None, None, None), other: ("knee", "better", "better")}
