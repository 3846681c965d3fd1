"""What a visit's history, its events and the audit say of what is not as it was."""

from typing import Any

import pytest

from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from contracts.scheduling.appointments.events import AppointmentBooked, AppointmentRescheduled
from contracts.scheduling.appointments.history import AppointmentWithHistoryView
from services.scheduling import handlers
from services.scheduling.appointments import commands as appointments
from services.scheduling.models.appointments import AppointmentChange
from tests.events import example_of
from tests.scheduling.appointments.test_history import get
from tests.scheduling.appointments.test_rescheduling import DESK, LATER, agreed, change, displace, reschedule
from tests.scheduling.factories import Hours, at, book, doctor, heard, move, patient, said


def told(session: Session) -> tuple[list[str], str]:
    """What the only event about a visit that moved names, and on whose part."""
    [one] = said(session, AppointmentRescheduled)
    return one["changed"], one["by"]


def test_the_history_keeps_what_the_patient_came_for(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = agreed(session, who, asking, reason="chest pain since Monday")
    change(session, visit, reason="checkup")
    for one in (asking, who, DESK):
        found = get(session, one, visit)
        assert (found["reason"], found["history"][-1]["former_reason"]) == ("checkup", "chest pain since Monday")
        assert [row["changed"] for row in found["history"]] == [[], ["status"], ["reason"]]


def test_the_history_says_where_a_visit_was_and_how_long(session: Session) -> None:
    who = doctor(session, rules=[Hours(weekday, place="Room 7").view() for weekday in range(7)])
    visit = agreed(session, who)
    change(session, visit, place="Room 3")
    change(session, visit, place=None)
    longer = {"starts_at": visit["starts_at"], "overbook_reason": "urgent", "minutes": 45}
    after = reschedule(session, DESK, visit, **longer)
    history = get(session, DESK, visit)["history"]
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
def test_a_visit_that_is_told_of_names_what_was_given(session: Session, status: str, facts: dict[str, Any]) -> None:
    who = doctor(session)
    visit = book(session, who) if status == "requested" else agreed(session, who)
    if status == "displaced":
        displace(session, who, visit)
    change(session, visit, **facts)
    assert told(session) == (sorted(facts), "desk")


def test_another_time_and_doctor_are_named(session: Session) -> None:
    other, visit = doctor(session), agreed(session, doctor(session))
    change(session, visit, starts_at=at(**LATER), doctor_id=other.person)
    assert told(session) == (["doctor_id", "starts_at", "ends_at"], "desk")


def test_a_request_that_an_admin_agrees_to_as_it_is_has_another_status(session: Session) -> None:
    visit = book(session, doctor(session))
    change(session, visit, starts_at=visit["starts_at"], reason="knee")
    assert told(session) == (["status", "reason"], "desk")


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("patient", ["status", "starts_at", "ends_at"]),
        ("doctor", ["starts_at", "ends_at"]),
        ("desk", ["starts_at", "ends_at"]),
    ],
)
def test_who_has_moved_a_visit_is_told_to_the_world(session: Session, part: str, changed: list[str]) -> None:
    who, asking = doctor(session), patient()
    reschedule(session, {"patient": asking, "doctor": who, "desk": DESK}[part], agreed(session, who, asking))
    assert told(session) == (changed, part)


def test_a_visit_of_an_erased_doctor_has_another_doctor_and_the_rest_of_it_as_it_was(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    book(session, who, reason="knee")
    handlers.on_user_erased(
        session, heard(session, 9), example_of(UserErased, user_id=who.person, reassign_to=other.person)
    )
    assert told(session) == (["doctor_id"], "desk")


def test_the_audit_names_what_was_changed(session: Session) -> None:
    visit = agreed(session, doctor(session))
    session.noted.clear()
    change(session, visit, place=None)
    assert session.noted == {}
    change(session, visit, place="Room 3", reason="knee")
    assert session.noted == {"details": {"changed": ["place", "reason"]}}


def test_the_world_is_told_who_made_it_agreed_and_whether_it_is_overbooked(session: Session) -> None:
    who = doctor(session)
    agreed(session, who)
    for overbook_reason in (None, "urgent"):
        starts_at = at(5) if overbook_reason is None else at(5, minute=10)
        book(
            session, who, actor=DESK, patient_id=patient().person, starts_at=starts_at, overbook_reason=overbook_reason
        )
    assert [(one["by"], one["overbooked"]) for one in said(session, AppointmentBooked)] == [
        ("doctor", False),
        ("desk", False),
        ("desk", True),
    ]


def test_a_doctor_of_the_desk_books_into_the_own_calendar_as_the_doctor(session: Session) -> None:
    who = doctor(session)
    both = patient(who.person, "doctor", "receptionist")
    book(session, who, actor=both, patient_id=patient().person)
    assert [one["by"] for one in said(session, AppointmentBooked)] == ["doctor"]


def test_of_an_erased_patient_no_former_reason_is_left(session: Session) -> None:
    who, asking = doctor(session), patient()
    for one in (asking, patient()):
        visit = book(session, who, actor=one, starts_at=at(hour=9 if one is asking else 11), reason="knee")
        change(session, visit, reason="checkup")
        get(session, one, visit)
    appointments.forget_reasons(session, asking.person)
    kept = session.query(AppointmentChange.former_reason).filter(AppointmentChange.former_reason.is_not(None)).all()
    assert [row.former_reason for row in kept] == ["knee"]


def test_what_becomes_of_a_visit_is_its_status(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = agreed(session, who, asking)
    move(session, asking, visit, "cancel", reason="a cold")
    assert get(session, asking, visit)["history"][-1]["changed"] == ["status"]
