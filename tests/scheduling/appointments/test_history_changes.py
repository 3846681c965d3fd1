"""The changed facts in a visit's history, in its events and in the audit."""

from typing import Any

import pytest

from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentBooked, AppointmentRescheduled
from contracts.scheduling.appointments.history import AppointmentWithHistoryView
from services.scheduling.appointments import commands as appointments
from services.scheduling.models.appointments import AppointmentChange
from tests.scheduling.appointment_steps import (
    book_accepted,
    change_appointment,
    displace,
    later,
    reschedule,
    visit_with_history,
)
from tests.scheduling.departures import erase_user
from tests.scheduling.factories import (
    Hours,
    add_doctor,
    at,
    book,
    make_patient,
    make_user,
    published,
    transition,
)

DESK = make_user("receptionist")


def changed_and_author(session: Session) -> tuple[list[str], str]:
    """The changed facts and the author in the single event about a rescheduled visit."""
    [event] = published(session, AppointmentRescheduled)
    return event["changed"], event["by"]


def test_history_keeps_the_former_reason_when_an_admin_changes_it(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient, reason="chest pain since Monday")
    change_appointment(session, visit, reason="checkup")
    for reader in (patient, doctor, DESK):
        found = visit_with_history(session, reader, visit)
        assert (found["reason"], found["history"][-1]["former_reason"]) == ("checkup", "chest pain since Monday")
        assert [row["changed"] for row in found["history"]] == [[], ["status"], ["reason"]]


def test_history_shows_place_and_length_of_each_revision(session: Session) -> None:
    doctor = add_doctor(session, rules=[Hours(weekday, place="Room 7").view() for weekday in range(7)])
    visit = book_accepted(session, doctor)
    change_appointment(session, visit, place="Room 3")
    change_appointment(session, visit, place=None)
    longer = {"starts_at": visit["starts_at"], "overbook_reason": "urgent", "minutes": 45}
    after = reschedule(session, DESK, visit, **longer)
    history = visit_with_history(session, DESK, visit)["history"]
    shown = [(row["changed"], row["place"], row["overbooked"]) for row in history]
    assert shown[1:] == [
        (["status"], "Room 7", False),
        (["place"], "Room 3", False),
        (["place"], None, False),
        (["ends_at", "place", "overbooked"], "Room 7", True),
    ]
    assert history[-1]["ends_at"] == AppointmentWithHistoryView.dump_one({**after, "history": []})["ends_at"]


@pytest.mark.parametrize("facts", [{"reason": "checkup"}, {"place": "Room 3"}, {"place": "Room 3", "reason": "knee"}])
@pytest.mark.parametrize("status", ["requested", "booked", "displaced"])
def test_event_names_the_changed_facts_in_each_status(session: Session, status: str, facts: dict[str, Any]) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor) if status == "requested" else book_accepted(session, doctor)
    if status == "displaced":
        displace(session, doctor, visit)
    change_appointment(session, visit, **facts)
    assert changed_and_author(session) == (sorted(facts), "desk")


def test_event_names_doctor_and_times_when_both_change(session: Session) -> None:
    other, visit = add_doctor(session), book_accepted(session, add_doctor(session))
    change_appointment(session, visit, starts_at=later(), doctor_id=other.person)
    assert changed_and_author(session) == (["doctor_id", "starts_at", "ends_at"], "desk")


def test_event_names_the_status_when_an_admin_books_a_request(session: Session) -> None:
    visit = book(session, add_doctor(session))
    change_appointment(session, visit, starts_at=visit["starts_at"], reason="knee")
    assert changed_and_author(session) == (["status", "reason"], "desk")


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("patient", ["status", "starts_at", "ends_at"]),
        ("doctor", ["starts_at", "ends_at"]),
        ("desk", ["starts_at", "ends_at"]),
    ],
)
def test_event_names_the_part_that_rescheduled_the_visit(session: Session, part: str, changed: list[str]) -> None:
    doctor, patient = add_doctor(session), make_patient()
    reschedule(
        session, {"patient": patient, "doctor": doctor, "desk": DESK}[part], book_accepted(session, doctor, patient)
    )
    assert changed_and_author(session) == (changed, part)


def test_event_names_only_the_doctor_at_a_handover(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    book(session, doctor, reason="knee")
    erase_user(session, doctor, other)
    assert changed_and_author(session) == (["doctor_id"], "desk")


def test_audit_names_the_changed_facts(session: Session) -> None:
    visit = book_accepted(session, add_doctor(session))
    session.noted.clear()
    change_appointment(session, visit, place=None)
    assert session.noted == {}
    change_appointment(session, visit, place="Room 3", reason="knee")
    assert session.noted == {"details": {"changed": ["place", "reason"]}}


def test_booked_event_names_the_author_and_the_overbooking(session: Session) -> None:
    doctor = add_doctor(session)
    book_accepted(session, doctor)
    for overbook_reason in (None, "urgent"):
        starts_at = at(5) if overbook_reason is None else at(5, minute=10)
        book(
            session,
            doctor,
            actor=DESK,
            patient_id=make_patient().person,
            starts_at=starts_at,
            overbook_reason=overbook_reason,
        )
    assert [(event["by"], event["overbooked"]) for event in published(session, AppointmentBooked)] == [
        ("doctor", False),
        ("desk", False),
        ("desk", True),
    ]


def test_booked_event_names_the_doctor_when_a_receptionist_is_the_doctor(session: Session) -> None:
    doctor = add_doctor(session)
    both = make_user("doctor", "receptionist", person_id=doctor.person)
    book(session, doctor, actor=both, patient_id=make_patient().person)
    assert [event["by"] for event in published(session, AppointmentBooked)] == ["doctor"]


def test_former_reasons_of_an_erased_patient_are_deleted(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    for reader in (patient, make_patient()):
        visit = book(session, doctor, actor=reader, starts_at=at(hour=9 if reader is patient else 11), reason="knee")
        change_appointment(session, visit, reason="checkup")
        visit_with_history(session, reader, visit)
    appointments.forget_reasons(session, patient.person)
    kept = session.query(AppointmentChange.former_reason).filter(AppointmentChange.former_reason.is_not(None)).all()
    assert [row.former_reason for row in kept] == ["knee"]


def test_history_names_the_status_when_a_visit_is_cancelled(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book_accepted(session, doctor, patient)
    transition(session, patient, visit, "cancel", reason="a cold")
    assert visit_with_history(session, patient, visit)["history"][-1]["changed"] == ["status"]
