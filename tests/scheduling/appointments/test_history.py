"""One visit and all that happened to it."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import NotFound
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.history import AppointmentWithHistoryView, GetAppointment
from services.scheduling.appointments import history
from tests.scheduling.factories import book, doctor, move, patient, seen, statements

DESK = patient(None, "receptionist")


def get(session: Session, who: Actor, visit: dict[str, Any]) -> dict[str, Any]:
    """A visit with its history, as a caller sees it."""
    add_events(session)
    session.appended.clear()
    found: dict[str, Any] = AppointmentWithHistoryView.dump_one(
        history.get(session, who, GetAppointment(appointment_id=visit["id"]))
    )
    return found


def test_the_history_says_what_the_visit_became_why_and_by_whom(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking)
    move(session, who, visit, "accept")
    move(session, asking, visit, "cancel", reason="a cold")
    found = get(session, asking, visit)
    changes = [(one["revision"], one["status"], one["reason"], one["actor_id"]) for one in found["history"]]
    assert changes == [
        (1, "requested", None, str(asking.person)),
        (2, "booked", None, str(who.person)),
        (3, "cancelled", "a cold", str(asking.person)),
    ]
    assert {one["doctor_id"] for one in found["history"]} == {str(who.person)}
    assert (found["status"], found["status_reason"], found["revision"]) == ("cancelled", "a cold", 3)


def test_why_it_was_overbooked_only_the_hospital_is_told(session: Session) -> None:
    who, asking = doctor(session), patient()
    overbooked = {"patient_id": asking.person, "overbook_reason": "The patient was rude."}
    visit = book(session, who, actor=DESK, **overbooked)
    move(session, DESK, visit, "cancel", reason="a strike")
    told = {one: [change["reason"] for change in get(session, one, visit)["history"]] for one in (asking, who, DESK)}
    assert told.pop(asking) == [None, "a strike"]
    assert list(told.values()) == [["The patient was rude.", "a strike"]] * 2


def test_a_visit_with_its_history_says_all_that_a_list_says(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who, reason="knee")
    found = get(session, who, visit)
    assert (
        found.keys() - {"history"} == seen(history.get(session, who, GetAppointment(appointment_id=visit["id"]))).keys()
    )


def test_the_patient_the_doctor_and_the_desk_see_a_visit(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking)
    for one in (asking, who, DESK):
        assert get(session, one, visit)["id"] == str(visit["id"])


@pytest.mark.parametrize("role", ["patient", "doctor", "nurse"])
def test_nobody_else_sees_that_there_is_a_visit(session: Session, role: str) -> None:
    visit = book(session, doctor(session))
    for one in (visit, {"id": uuid7()}):
        with pytest.raises(NotFound) as refused:
            get(session, patient(None, role), one)
        assert refused.value.detail == "There is no such appointment."


def test_a_history_takes_two_statements_however_long_it_is(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    for name in ("accept", "start", "complete"):
        move(session, who, visit, name)
    get(session, who, visit)
    with statements(session) as sent:
        assert len(history.get(session, who, GetAppointment(appointment_id=visit["id"]))["history"]) == 4
    assert len(sent) == 2
