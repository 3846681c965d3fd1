"""Visits that move: by their patient, their doctor, the desk or an admin."""

from datetime import time, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Forbidden, Invalid, MatronError, NotFound, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.commands import ChangeAppointment, RescheduleAppointment
from contracts.scheduling.appointments.events import AppointmentRescheduled
from contracts.scheduling.availability import SetSchedule
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import rescheduling
from services.scheduling.availability import weekly_hours
from services.scheduling.models.appointments import Appointment
from services.scheduling.rules import HORIZON, OPEN_REQUESTS
from tests.calls import called
from tests.scheduling.factories import HALF_HOUR, Hours, at, book, doctor, history, move, patient, said, seen

DESK, ADMIN = patient(None, "receptionist"), patient(None, "admin")
LATER = {"days": 3, "hour": 11}


def reschedule(session: Session, who: Actor, visit: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A visit that somebody has moved, by default to another day."""
    given = {"starts_at": at(**LATER), "overbook_reason": None, "minutes": None, "doctor_id": None, **fields}
    moved = seen(rescheduling.reschedule(session, who, RescheduleAppointment(appointment_id=visit["id"], **given)))
    session.flush()
    return moved


def change(session: Session, visit: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A visit that an admin has changed."""
    changed = seen(rescheduling.change(session, ADMIN, ChangeAppointment(appointment_id=visit["id"], **facts)))
    session.flush()
    return changed


def agreed(session: Session, who: Actor, asking: Actor | None = None, **fields: Any) -> dict[str, Any]:
    """A visit that the doctor has accepted."""
    return move(session, who, book(session, who, actor=asking, **fields), "accept")


def displace(session: Session, who: Actor, visit: dict[str, Any]) -> None:
    """The doctor cannot keep the visit."""
    row = session.get_one(Appointment, visit["id"])
    appointments.displace(session, who, row, reason="holiday")
    session.flush()


def code_of(refused: pytest.ExceptionInfo[MatronError]) -> str:
    return refused.value.code


def test_a_patient_asks_again_for_what_was_agreed(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = agreed(session, who, asking)
    moved = reschedule(session, asking, visit)
    assert moved["id"] == visit["id"]
    assert (moved["status"], moved["revision"]) == ("requested", 3)
    assert (moved["starts_at"], moved["ends_at"]) == (at(**LATER), at(**LATER) + HALF_HOUR)


@pytest.mark.parametrize("part", ["doctor", "desk"])
def test_the_doctor_and_the_desk_move_a_request_and_agree_to_it(session: Session, part: str) -> None:
    who = doctor(session)
    visit = book(session, who)
    assert reschedule(session, {"doctor": who, "desk": DESK}[part], visit)["status"] == "booked"


def test_the_world_is_told_once_of_a_move_and_whether_it_is_agreed(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking)
    reschedule(session, asking, visit)
    [told] = said(session, AppointmentRescheduled)
    assert (told["status"], told["revision"], told["starts_at"]) == ("requested", 2, at(**LATER))
    assert history(session, visit)[1:] == [(2, "requested", asking.person)]


def test_a_patient_who_asks_again_waits_for_the_answer_anew(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    who, asking = doctor(session), patient()
    visit, later = book(session, who, actor=asking), clock.now() + timedelta(hours=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    reschedule(session, asking, visit)
    assert session.get_one(Appointment, visit["id"]).requested_at == later


def test_a_visit_may_move_to_a_time_that_its_own_old_one_overlaps(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    hours = [Hours(weekday, time(9, 15)).view() for weekday in range(7)]
    weekly_hours.set_schedule(session, who, SetSchedule(doctor_id=who.person, rules=hours))
    assert reschedule(session, who, visit, starts_at=at(minute=15))["ends_at"] == at(minute=45)


@pytest.mark.parametrize("part", ["patient", "doctor", "desk"])
@pytest.mark.parametrize("status", ["requested", "booked"])
def test_a_visit_that_is_moved_to_where_it_is_does_not_change(session: Session, part: str, status: str) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking) if status == "requested" else agreed(session, who, asking)
    mover = {"patient": asking, "doctor": who, "desk": DESK}[part]
    assert reschedule(session, mover, visit, starts_at=visit["starts_at"], doctor_id=who.person) == visit
    assert said(session, AppointmentRescheduled) == []


def test_a_displaced_visit_that_gets_its_time_back_has_changed(session: Session) -> None:
    who = doctor(session)
    visit = agreed(session, who)
    displace(session, who, visit)
    assert reschedule(session, DESK, visit, starts_at=visit["starts_at"])["status"] == "booked"


def test_a_visit_does_not_move_to_a_time_that_somebody_has(session: Session) -> None:
    who = doctor(session)
    book(session, who, starts_at=at(**LATER))
    visit = book(session, who)
    with pytest.raises(Conflict) as refused:
        reschedule(session, who, visit)
    assert code_of(refused) == "slot_taken"


def test_a_visit_does_not_move_to_where_the_patient_is_elsewhere(session: Session) -> None:
    who, asking = doctor(session), patient()
    book(session, doctor(session), actor=asking, starts_at=at(**LATER))
    visit = book(session, who, actor=asking)
    with pytest.raises(Conflict) as refused:
        reschedule(session, who, visit)
    assert code_of(refused) == "patient_busy"


@pytest.mark.parametrize(
    ("days", "hour", "kind", "code"),
    [
        (2, 18, Conflict, "outside_hours"),
        (-1, 9, Invalid, "not_in_future"),
        (HORIZON.days + 1, 9, Invalid, "too_far_ahead"),
    ],
)
def test_a_visit_moves_only_to_a_time_that_could_be_booked(
    session: Session, days: int, hour: int, kind: type[MatronError], code: str
) -> None:
    who = doctor(session)
    visit = book(session, who)
    with pytest.raises(kind) as refused:
        reschedule(session, who, visit, starts_at=at(days, hour))
    assert code_of(refused) == code


def test_a_patient_does_not_move_an_agreed_visit_within_24_hours(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, asking = doctor(session), patient()
    visit = agreed(session, who, asking)
    soon = visit["starts_at"] - timedelta(hours=23)
    monkeypatch.setattr(clock, "now", lambda: soon)
    with pytest.raises(Conflict) as refused:
        reschedule(session, asking, visit)
    assert code_of(refused) == "late_cancel"
    assert reschedule(session, DESK, visit)["status"] == "booked"


@pytest.mark.parametrize("stranger", [patient(), patient(None, "doctor"), patient(None, "nurse")])
def test_a_stranger_learns_nothing_of_a_visit_by_moving_it(session: Session, stranger: Actor) -> None:
    visit = book(session, doctor(session))
    for one in (visit, {"id": uuid7()}):
        with pytest.raises(NotFound) as refused:
            reschedule(session, stranger, one)
        assert refused.value.detail == "There is no such appointment."


def test_a_doctor_whose_role_is_gone_moves_no_visits_as_a_doctor(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    with pytest.raises(NotFound):
        reschedule(session, patient(who.person), visit)


def test_a_visit_that_has_begun_does_not_move(session: Session) -> None:
    who = doctor(session)
    visit = agreed(session, who)
    move(session, who, visit, "start")
    with pytest.raises(Conflict) as refused:
        reschedule(session, who, visit)
    assert (code_of(refused), refused.value.facts) == ("cannot_be_moved", {"state": "in_progress"})


def test_who_has_seen_an_older_revision_does_not_move_it(session: Session) -> None:
    who = doctor(session)
    visit = agreed(session, who)
    with called(session, if_match='"1"'), pytest.raises(Stale):
        reschedule(session, who, visit)


def test_moving_an_agreed_visit_is_one_request_more(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = agreed(session, who, asking)
    asked = [book(session, who, actor=asking, starts_at=at(4 + number)) for number in range(OPEN_REQUESTS)]
    with pytest.raises(Conflict) as refused:
        reschedule(session, asking, visit)
    assert code_of(refused) == "too_many_requests"
    assert reschedule(session, asking, asked[0])["status"] == "requested"


def test_five_requests_do_not_keep_a_displaced_visit_from_another_time(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = agreed(session, who, asking)
    displace(session, who, visit)
    for number in range(OPEN_REQUESTS):
        book(session, who, actor=asking, starts_at=at(4 + number))
    moved = reschedule(session, asking, visit)
    assert (moved["status"], moved["first_call"], moved["status_reason"]) == ("requested", True, None)


def test_a_displaced_visit_that_is_asked_for_again_is_none_of_five_requests(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = agreed(session, who, asking)
    displace(session, who, visit)
    reschedule(session, asking, visit)
    asked = [book(session, who, actor=asking, starts_at=at(4 + number)) for number in range(OPEN_REQUESTS)]
    assert len(asked) == OPEN_REQUESTS
    with pytest.raises(Conflict) as refused:
        book(session, who, actor=asking, starts_at=at(20))
    assert code_of(refused) == "too_many_requests"


def test_only_the_desk_overbooks_by_moving(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking)
    for one in (who, asking):
        with pytest.raises(Forbidden) as refused:
            reschedule(session, one, visit, overbook_reason="urgent")
        assert code_of(refused) == "desk_only"
    moved = reschedule(session, DESK, visit, starts_at=at(hour=18), overbook_reason="urgent", minutes=20)
    assert (moved["overbooked"], moved["ends_at"]) == (True, at(hour=18, minute=20))
    assert not reschedule(session, DESK, visit)["overbooked"]


def test_an_admin_who_names_the_time_of_a_request_agrees_to_it(session: Session) -> None:
    visit = book(session, doctor(session))
    changed = change(session, visit, starts_at=visit["starts_at"])
    assert (changed["status"], changed["revision"]) == ("booked", 2)
    assert change(session, changed, starts_at=visit["starts_at"])["revision"] == 2


def test_an_admin_gives_a_visit_another_time_place_and_reason_at_once(session: Session) -> None:
    visit = book(session, doctor(session))
    changed = change(session, visit, starts_at=at(**LATER), place="Room 3", reason="knee")
    assert (changed["status"], changed["starts_at"]) == ("booked", at(**LATER))
    assert (changed["place"], changed["reason"], changed["revision"]) == ("Room 3", "knee", 2)
    assert len(said(session, AppointmentRescheduled)) == 1


@pytest.mark.parametrize("status", ["requested", "booked", "displaced"])
def test_another_place_alone_neither_agrees_nor_looks_at_the_time(
    session: Session, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    who = doctor(session)
    visit = book(session, who) if status == "requested" else agreed(session, who)
    if status == "displaced":
        displace(session, who, visit)
    past = visit["starts_at"] + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: past)
    changed = change(session, visit, place="Room 3")
    assert (changed["status"], changed["place"]) == (status, "Room 3")
    assert [told["status"] for told in said(session, AppointmentRescheduled)] == [status]


def test_a_change_to_what_is_so_already_is_none(session: Session) -> None:
    visit = agreed(session, doctor(session))
    unchanged = change(session, visit, starts_at=visit["starts_at"], place=None)
    assert (unchanged["revision"], said(session, AppointmentRescheduled)) == (visit["revision"], [])


def test_a_visit_that_is_over_does_not_change(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    move(session, who, visit, "reject", reason="full")
    with pytest.raises(Conflict) as refused:
        change(session, visit, place="Room 3")
    assert code_of(refused) == "cannot_be_moved"
