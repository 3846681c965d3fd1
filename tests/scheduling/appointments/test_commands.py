"""Who books what with whom, when, and what becomes of it."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, Invalid, MatronError, NotFound, Stale
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
    at,
    book,
    doctor,
    history,
    hold,
    move,
    patient,
    said,
    statements,
)

RECEPTIONIST = patient(None, "receptionist")


def code(refused: pytest.ExceptionInfo[MatronError]) -> str:
    return refused.value.code


def test_a_patients_booking_is_a_request(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking, reason="chest pain")
    assert (visit["status"], visit["revision"], visit["reason"]) == ("requested", 1, "chest pain")
    assert (visit["doctor_id"], visit["patient_id"]) == (who.person, asking.person)
    assert visit["ends_at"] - visit["starts_at"] == HALF_HOUR


def test_a_request_asks_the_calendar_and_adds_the_visit_and_asks_nothing_more(session: Session) -> None:
    who = doctor(session)
    session.flush()
    with statements(session) as sent:
        book(session, who)
    assert [statement.split()[0] for statement in sent] == ["SELECT", "INSERT"]


def test_the_world_is_told_of_a_request_without_its_reason(session: Session) -> None:
    visit = book(session, doctor(session), reason="chest pain")
    [told] = said(session, AppointmentRequested)
    assert (told["appointment_id"], told["revision"]) == (visit["id"], 1)
    assert "chest pain" not in str(told)


def test_the_desk_books_outright_for_a_patient(session: Session) -> None:
    visit = book(session, doctor(session), actor=RECEPTIONIST, patient_id=uuid7())
    assert visit["status"] == "booked"
    assert len(said(session, AppointmentBooked)) == 1


def test_a_doctor_books_a_patient_into_the_own_calendar_without_asking(session: Session) -> None:
    who, known = doctor(session), patient()
    has_been_there(session, who, known)
    again = {"patient_id": known.person, "starts_at": at(hour=11)}
    assert book(session, who, actor=who, **again)["status"] == "booked"
    with pytest.raises(NotFound):
        book(session, doctor(session), actor=who, **again)


@pytest.mark.parametrize("status", AppointmentStatus)
def test_a_doctor_books_only_who_has_been_there(session: Session, status: str) -> None:
    who, known = doctor(session), patient()
    has_been_there(session, who, known, status=status)
    again: dict[str, Any] = {"actor": who, "patient_id": known.person, "starts_at": at(hour=11)}
    if status in ("arrived", "in_progress", "fulfilled"):
        assert book(session, who, **again)["status"] == "booked"
        return
    with pytest.raises(NotFound):
        book(session, who, **again)


@pytest.mark.parametrize(("days", "found"), [(364, "booked"), (366, None)])
def test_who_has_not_been_there_for_a_year_asks_again(session: Session, days: int, found: str | None) -> None:
    who, known = doctor(session), patient()
    has_been_there(session, who, known, at(-days))
    with pytest.raises(NotFound) if found is None else nullcontext():
        assert book(session, who, actor=who, patient_id=known.person)["status"] == found


def test_a_visit_that_was_begun_before_its_time_is_none_to_book_another_one_after(session: Session) -> None:
    who, known = doctor(session), patient()
    has_been_there(session, who, known, at(days=60))
    with pytest.raises(NotFound):
        book(session, who, actor=who, patient_id=known.person)


def has_been_there(
    session: Session, who: Actor, whom: Actor, starts_at: datetime | None = None, status: str = "fulfilled"
) -> None:
    """The patient has come to a visit with the doctor, by default three days ago."""
    begins = starts_at or at(-3)
    times = {"starts_at": begins, "ends_at": begins + HALF_HOUR, "created_at": begins}
    session.add(Appointment(doctor_id=who.person, patient_id=whom.person, **times, status=status))
    session.flush()


def test_a_doctor_opens_no_strangers_chart_by_booking_him(session: Session) -> None:
    who = doctor(session)
    with pytest.raises(NotFound):
        book(session, who, actor=who, patient_id=uuid7())


def test_a_doctor_asks_another_one_as_any_patient_does(session: Session) -> None:
    assert book(session, doctor(session), actor=doctor(session))["status"] == "requested"


@pytest.mark.parametrize("actor", [patient(), RECEPTIONIST], ids=["patient", "desk"])
def test_whoever_is_no_doctor_is_not_found_as_their_own(session: Session, actor: Actor) -> None:
    whom = patient() if actor is RECEPTIONIST else actor
    with pytest.raises(NotFound) as refused:
        book(session, whom, actor=actor, patient_id=whom.person)
    assert refused.value.detail == "There is no such doctor."


def test_a_visit_is_where_the_slot_is(session: Session) -> None:
    who = doctor(session, rules=[Hours(weekday, place="Room 7").view() for weekday in range(7)])
    assert book(session, who)["place"] == "Room 7"


def test_nobody_books_for_another_patient(session: Session) -> None:
    with pytest.raises(NotFound):
        book(session, doctor(session), patient_id=uuid7())


def test_a_taken_slot_cannot_be_booked_again(session: Session) -> None:
    who = doctor(session)
    book(session, who)
    with pytest.raises(Conflict) as refused:
        book(session, who)
    assert code(refused) == "slot_taken"


def test_a_patient_is_not_in_two_places(session: Session) -> None:
    asking = patient()
    book(session, doctor(session), actor=asking)
    with pytest.raises(Conflict) as refused:
        book(session, doctor(session), actor=asking)
    assert code(refused) == "patient_busy"


def test_the_next_slot_begins_when_one_ends(session: Session) -> None:
    who, asking = doctor(session), patient()
    first = book(session, who, actor=asking)
    second = book(session, who, actor=asking, starts_at=first["ends_at"])
    assert second["starts_at"] == first["ends_at"]


@pytest.mark.parametrize(("hour", "minute"), [(8, 0), (17, 0), (9, 10)], ids=["before", "after", "between"])
def test_a_visit_begins_with_one_of_the_doctors_slots(session: Session, hour: int, minute: int) -> None:
    with pytest.raises(Conflict) as refused:
        book(session, doctor(session), starts_at=at(hour=hour, minute=minute))
    assert code(refused) == "outside_hours"


def test_a_doctor_without_hours_cannot_be_booked(session: Session) -> None:
    with pytest.raises(Conflict) as refused:
        book(session, doctor(session, rules=[]))
    assert code(refused) == "outside_hours"


def test_an_unknown_doctor_cannot_be_booked(session: Session) -> None:
    with pytest.raises(NotFound):
        book(session, patient())


def test_the_past_cannot_be_booked(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        book(session, doctor(session), starts_at=at(-1))
    assert code(refused) == "not_in_future"


def test_a_visit_is_at_most_180_days_ahead(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        book(session, doctor(session), starts_at=at(HORIZON.days + 1))
    assert code(refused) == "too_far_ahead"


def test_a_patient_has_at_most_five_open_requests(session: Session) -> None:
    who, asking = doctor(session), patient()
    for number in range(OPEN_REQUESTS):
        book(session, who, actor=asking, starts_at=at(2 + number))
    with pytest.raises(Conflict) as refused:
        book(session, who, actor=asking, starts_at=at(20))
    assert code(refused) == "too_many_requests"


def test_an_accepted_request_is_no_open_one(session: Session) -> None:
    who, asking = doctor(session), patient()
    booked = [book(session, who, actor=asking, starts_at=at(2 + number)) for number in range(OPEN_REQUESTS)]
    move(session, who, booked[0], "accept")
    assert book(session, who, actor=asking, starts_at=at(20))["status"] == "requested"


def test_a_visit_is_accepted_started_and_completed(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    states = hold(session, who, visit)
    assert [(one["status"], one["revision"]) for one in states] == [("booked", 2), ("in_progress", 3), ("fulfilled", 4)]
    for event in (AppointmentBooked, VisitStarted, VisitCompleted):
        assert [told["appointment_id"] for told in said(session, event)] == [visit["id"]]


def test_each_change_is_kept_with_its_author(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking)
    move(session, who, visit, "accept")
    assert history(session, visit) == [(1, "requested", asking.person), (2, "booked", who.person)]


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
def test_a_stranger_learns_nothing_of_a_visit(session: Session, name: str, role: str) -> None:
    visit = book(session, doctor(session))
    for one in (visit, {"id": uuid7()}):
        with pytest.raises(NotFound) as refused:
            move(session, patient(None, role), one, name, **MOVES[name])
        assert refused.value.detail == "There is no such appointment."


@pytest.mark.parametrize("name", ["accept", "reject", "arrive", "start", "complete", "miss"])
def test_a_patient_does_only_what_is_a_patients_to_do(session: Session, name: str) -> None:
    asking = patient()
    visit = book(session, doctor(session), actor=asking)
    with pytest.raises(Forbidden) as refused:
        move(session, asking, visit, name, **MOVES[name])
    assert code(refused) == "own_visit"


@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_of_the_revision_that_was_seen(session: Session, name: str) -> None:
    who = doctor(session)
    visit = move(session, who, book(session, who), "accept")
    both = Actor(id=who.id, roles=frozenset({"doctor", "receptionist"}))
    with called(session, if_match='"1"'), pytest.raises(Stale) as refused:
        move(session, both, visit, name, **MOVES[name])
    assert refused.value.facts == {"revision": 2}


def test_a_visit_that_is_over_leaves_its_time_free(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    hold(session, who, visit)
    assert book(session, who)["status"] == "requested"


def test_times_are_kept_to_the_moment_in_any_zone(session: Session) -> None:
    starts_at = at()
    visit = book(session, doctor(session), starts_at=starts_at)
    assert visit["starts_at"] == starts_at
    assert visit["starts_at"].utcoffset() == timedelta(0)
