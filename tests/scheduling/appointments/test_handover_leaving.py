"""Visits that are rejected, called off, missed or displaced, and patients who arrive."""

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
from services.scheduling.directory import doctors
from services.scheduling.models.appointments import Appointment, AppointmentChange
from services.scheduling.models.availability import TimeOff
from tests.scheduling.factories import book, doctor, heard, history, move, patient, said

DESK = patient(None, "receptionist")


@pytest.fixture
def who(session: Session) -> Actor:
    """A doctor with hours."""
    return doctor(session)


def agreed(session: Session, who: Actor, asking: Actor | None = None) -> dict[str, Any]:
    """A visit that the doctor has accepted."""
    return move(session, who, book(session, who, actor=asking), "accept")


def near(monkeypatch: pytest.MonkeyPatch, visit: dict[str, Any], **before: float) -> None:
    """Let it be so long before the visit."""
    moment = visit["starts_at"] - timedelta(**before)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_a_doctor_rejects_a_request_with_the_reason(session: Session, who: Actor) -> None:
    visit = move(session, who, book(session, who), "reject", reason="full")
    assert (visit["status"], visit["status_reason"], visit["revision"]) == ("rejected", "full", 2)
    [told] = said(session, AppointmentRejected)
    assert (told["appointment_id"], told["revision"]) == (visit["id"], 2)
    assert "full" not in str(told)


def test_a_rejected_visit_leaves_its_time_free(session: Session, who: Actor) -> None:
    move(session, who, book(session, who), "reject", reason="full")
    assert book(session, who)["status"] == "requested"


@pytest.mark.parametrize("state", ["requested", "booked"])
def test_a_patient_calls_a_visit_off(session: Session, who: Actor, state: str) -> None:
    asking = patient()
    visit = book(session, who, actor=asking) if state == "requested" else agreed(session, who, asking)
    off = move(session, asking, visit, "cancel", reason="a cold")
    assert (off["status"], off["status_reason"]) == ("cancelled", "a cold")
    [told] = said(session, AppointmentCancelled)
    assert (told["by"], told["late"], told["revision"]) == ("patient", False, off["revision"])


def test_a_patient_calls_an_agreed_visit_off_until_24_hours_before(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = patient()
    visit = agreed(session, who, asking)
    near(monkeypatch, visit, hours=23, minutes=59)
    with pytest.raises(Conflict) as refused:
        move(session, asking, visit, "cancel", reason="a cold")
    assert refused.value.code == "late_cancel"
    near(monkeypatch, visit, hours=24)
    assert move(session, asking, visit, "cancel", reason="a cold")["status"] == "cancelled"


def test_a_patient_calls_a_request_off_at_any_time(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = patient()
    visit = book(session, who, actor=asking)
    near(monkeypatch, visit, minutes=1)
    assert move(session, asking, visit, "cancel", reason="a cold")["status"] == "cancelled"
    assert not said(session, AppointmentCancelled)[0]["late"]


def test_the_desk_calls_a_visit_off_late_and_says_that_it_is(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = agreed(session, who)
    near(monkeypatch, visit, hours=1)
    move(session, DESK, visit, "cancel", reason="a burst pipe")
    [told] = said(session, AppointmentCancelled)
    assert (told["by"], told["late"]) == ("desk", True)


def test_who_works_at_the_desk_calls_the_own_visit_off_as_any_patient(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = patient(None, "receptionist", "patient")
    visit = agreed(session, who, both)
    near(monkeypatch, visit, hours=1)
    with pytest.raises(Conflict) as refused:
        move(session, both, visit, "cancel", reason="a cold")
    assert refused.value.code == "late_cancel"


def test_a_patient_calls_a_displaced_visit_off_at_any_time(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = patient()
    visit = agreed(session, who, asking)
    appointments.displace(session, who, session.get_one(Appointment, visit["id"]), reason=None)
    near(monkeypatch, visit, hours=1)
    assert move(session, asking, visit, "cancel", reason="elsewhere")["status"] == "cancelled"


def there(session: Session, who: Actor, asking: Actor, monkeypatch: pytest.MonkeyPatch, state: str) -> dict[str, Any]:
    """A visit whose patient has arrived, or is with the doctor."""
    visit = agreed(session, who, asking)
    near(monkeypatch, visit, hours=1)
    return move(session, *{"arrived": (DESK, visit, "arrive"), "in_progress": (who, visit, "start")}[state])


@pytest.mark.parametrize("state", ["arrived", "in_progress"])
def test_a_patient_who_is_there_does_not_call_the_visit_off(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    asking = patient()
    visit = there(session, who, asking, monkeypatch, state)
    with pytest.raises(Conflict) as refused:
        move(session, asking, visit, "cancel", reason="too late")
    assert (refused.value.code, refused.value.facts) == ("cannot_be_cancelled", {"state": state})


@pytest.mark.parametrize("state", ["arrived", "in_progress"])
def test_the_desk_calls_off_a_visit_whose_patient_left_without_being_seen(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    visit = there(session, who, patient(), monkeypatch, state)
    off = move(session, DESK, visit, "cancel", reason="left without being seen")
    assert (off["status"], off["revision"]) == ("cancelled", 4)
    [told] = said(session, AppointmentCancelled)
    assert (told["by"], told["late"], told["revision"]) == ("desk", False, 4)
    assert book(session, who, starts_at=visit["starts_at"])["status"] == "requested"


def missed(session: Session, who: Actor, asking: Actor, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A visit that the patient seems to have missed, a minute after it began."""
    visit = agreed(session, who, asking)
    near(monkeypatch, visit, minutes=-1)
    return move(session, who, visit, "miss")


def test_who_comes_late_is_there_after_all_and_everybody_is_told(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = missed(session, who, patient(), monkeypatch)
    assert move(session, DESK, visit, "arrive")["status"] == "arrived"
    assert [told["revision"] for told in said(session, PatientArrived)] == [visit["revision"] + 1]
    assert move(session, who, visit, "start")["status"] == "in_progress"


@pytest.mark.parametrize("code", ["slot_taken", "patient_busy"])
def test_who_comes_late_does_not_take_time_that_has_been_given_away(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    asking = patient()
    visit = missed(session, who, asking, monkeypatch)
    near(monkeypatch, visit, hours=1)
    taken = {"slot_taken": (who, patient()), "patient_busy": (doctor(session), asking)}[code]
    book(session, taken[0], actor=taken[1], starts_at=visit["starts_at"])
    with pytest.raises(Conflict) as refused:
        move(session, DESK, visit, "arrive")
    assert refused.value.code == code


def test_who_comes_late_finds_no_doctor_who_is_away(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = missed(session, who, patient(), monkeypatch)
    away = {"starts_at": visit["starts_at"], "ends_at": visit["ends_at"], "created_at": clock.now()}
    session.add(TimeOff(doctor_id=who.person, **away))
    with pytest.raises(Conflict) as refused:
        move(session, DESK, visit, "arrive")
    assert refused.value.code == "outside_hours"


def test_who_comes_late_finds_no_doctor_who_is_gone(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = missed(session, who, patient(), monkeypatch)
    doctors.suspend(session, heard(session, 2), user_id=who.person)
    with pytest.raises(Conflict) as refused:
        move(session, DESK, visit, "arrive")
    assert refused.value.code == "doctor_gone"


def test_a_request_that_no_timer_has_looked_at_is_not_accepted_too_late(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = book(session, who)
    near(monkeypatch, visit, minutes=0)
    with pytest.raises(Conflict) as refused:
        move(session, who, visit, "accept")
    assert refused.value.code == "too_late"


def test_the_desk_says_that_the_patient_is_there(session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = agreed(session, who)
    near(monkeypatch, visit, hours=12)
    assert move(session, DESK, visit, "arrive")["status"] == "arrived"
    assert [told["revision"] for told in said(session, PatientArrived)] == [3]
    assert move(session, who, visit, "start")["status"] == "in_progress"


@pytest.mark.parametrize("part", ["doctor", "desk"])
def test_the_doctor_and_the_desk_say_that_the_patient_has_not_come(
    session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    visit = agreed(session, who)
    near(monkeypatch, visit, minutes=-1)
    assert move(session, {"doctor": who, "desk": DESK}[part], visit, "miss")["status"] == "no_show"
    assert len(said(session, AppointmentMissed)) == 1


def test_a_displaced_visit_says_why_and_has_first_call(session: Session, who: Actor) -> None:
    visit = agreed(session, who)
    row = session.get_one(Appointment, visit["id"])
    appointments.displace(session, who, row, reason="holiday")
    assert (row.status, row.status_reason, row.first_call, row.revision) == ("displaced", "holiday", True, 3)
    assert [told["revision"] for told in said(session, AppointmentDisplaced)] == [3]
    assert history(session, visit)[-1] == (3, "displaced", who.person)


def test_of_an_erased_patient_no_reason_is_left_anywhere(session: Session, who: Actor) -> None:
    asking, other = patient(), patient()
    texts = {}
    for one in (asking, other):
        visit = book(session, who, actor=one, reason="knee")
        move(session, one, visit, "cancel", reason="better")
        history(session, visit)
        appointments.forget_reasons(session, asking.person)
        row = session.get_one(Appointment, visit["id"], populate_existing=True)
        changes = session.query(AppointmentChange.reason).filter_by(appointment_id=visit["id"], revision=2)
        texts[one] = (row.reason, row.status_reason, changes.scalar())
    assert texts == {asking: (None, None, None), other: ("knee", "better", "better")}
