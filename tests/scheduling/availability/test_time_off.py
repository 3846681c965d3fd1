"""Times off: when a doctor cannot be visited, and what becomes of the visits in them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from contracts.scheduling.appointments.events import AppointmentDisplaced
from contracts.scheduling.availability import EndTimeOff, ListTimeOff, TakeTimeOff, TimeOffRowView, TimeOffView
from services.scheduling import handlers
from services.scheduling.appointments import openings
from services.scheduling.appointments.conflicts import Wish
from services.scheduling.availability import time_off
from services.scheduling.models.appointments import ACTIVE, Appointment
from services.scheduling.models.availability import TimeOff
from tests.events import example_of
from tests.scheduling.factories import HALF_HOUR, at, book, doctor, free, heard, history, patient, said

DAY = timedelta(days=1)
SECRET = "Surgery of my own"


def take(session: Session, who: Actor, **fields: Any) -> dict[str, Any]:
    """A time off, by default the morning of the day after tomorrow."""
    given = {"starts_at": at(hour=8), "ends_at": at(hour=12), "reason": None, "displace": False, **fields}
    return time_off.take(session, who, TakeTimeOff(doctor_id=given.pop("doctor_id", who.person), **given))


def listing(session: Session, who: Actor, **fields: Any) -> Any:
    """A page of the doctor's own times off."""
    return time_off.listing(
        session, who, ListTimeOff(**{"doctor_id": who.person, "limit": 20, "cursor": None, **fields})
    )


def visit(session: Session, status: str, who: Actor, **fields: Any) -> UUID:
    """A visit in this state, by default for the day after tomorrow at nine."""
    made: UUID = book(session, who, **fields)["id"]
    if status != "requested":
        session.flush()
        session.get_one(Appointment, made).status = status
        session.flush()
    return made


def status_of(session: Session, visit_id: UUID) -> str:
    return session.scalars(select(Appointment.status).where(Appointment.id == visit_id)).one()


def test_there_are_no_slots_in_a_time_off(session: Session) -> None:
    who = doctor(session)
    take(session, who)
    assert free(session, who, at(hour=0), at(3, 0))[0].starts_at == at(hour=12)


def test_a_slot_that_reaches_into_a_time_off_is_not_offered(session: Session) -> None:
    who = doctor(session)
    take(session, who, starts_at=at(hour=9, minute=15), ends_at=at(hour=9, minute=20))
    assert free(session, who, at(hour=0), at(3, 0))[0].starts_at == at(hour=9, minute=30)


def test_a_time_off_that_began_long_ago_counts_still(session: Session) -> None:
    who = doctor(session)
    take(session, who, starts_at=at(-363), ends_at=at(3, 0))
    assert free(session, who, at(1, 0), at(3, 0)) == []
    with pytest.raises(Conflict):
        book(session, who)


@pytest.mark.parametrize("role", ["patient", "receptionist"])
def test_nobody_is_booked_into_a_time_off(session: Session, role: str) -> None:
    who, asking = doctor(session), patient(None, role)
    take(session, who)
    with pytest.raises(Conflict) as refused:
        book(session, who, actor=asking, patient_id=asking.person if role == "patient" else uuid7())
    assert refused.value.code == "outside_hours"


def test_a_slot_beside_a_time_off_can_be_booked(session: Session) -> None:
    who = doctor(session)
    take(session, who, starts_at=at(hour=9, minute=30), ends_at=at(hour=10))
    assert book(session, who)["ends_at"] == at(hour=9, minute=30)
    assert book(session, who, starts_at=at(hour=10))["starts_at"] == at(hour=10)


def test_the_time_off_of_another_doctor_changes_nothing(session: Session) -> None:
    who = doctor(session)
    take(session, doctor(session))
    assert book(session, who)["status"] == "requested"


@pytest.mark.parametrize("status", ACTIVE)
def test_visits_are_in_the_way_and_named(session: Session, status: str) -> None:
    who = doctor(session)
    made = [visit(session, status, who, starts_at=at(hour=hour)) for hour in (9, 11)]
    with pytest.raises(Conflict) as refused:
        take(session, who)
    assert (refused.value.code, refused.value.facts) == ("has_visits", {"appointment_ids": [str(one) for one in made]})
    assert listing(session, who).items == []


@pytest.mark.parametrize("status", ["fulfilled", "rejected", "expired", "cancelled", "no_show", "displaced"])
def test_a_visit_that_takes_no_time_is_not_in_the_way(session: Session, status: str) -> None:
    who = doctor(session)
    made = visit(session, status, who)
    assert take(session, who, displace=True)["displaced"] == []
    assert status_of(session, made) == status


@pytest.mark.parametrize(("hour", "minute"), [(8, 0), (9, 30)])
def test_a_visit_beside_the_time_off_is_not_in_the_way(session: Session, hour: int, minute: int) -> None:
    who, starts_at = doctor(session), at(hour=hour, minute=minute)
    visit(session, "booked", who)
    assert take(session, who, starts_at=starts_at, ends_at=starts_at + 2 * HALF_HOUR)["displaced"] == []


@pytest.mark.parametrize("status", ["requested", "booked"])
def test_visits_lose_their_time_when_told_so(session: Session, status: str) -> None:
    who = doctor(session)
    made = [visit(session, status, who, starts_at=at(hour=hour)) for hour in (11, 9)]
    assert take(session, who, displace=True)["displaced"] == made[::-1]
    session.flush()
    assert [status_of(session, one) for one in made] == ["displaced"] * 2


def test_a_displaced_visit_is_told_once_with_its_history(session: Session) -> None:
    who = doctor(session)
    made = book(session, who)
    take(session, who, displace=True)
    [event] = said(session, AppointmentDisplaced)
    assert (event["appointment_id"], event["revision"]) == (made["id"], 2)
    assert history(session, made)[-1] == (2, "displaced", who.id)


def test_a_displaced_visit_keeps_first_call_and_does_not_say_why_the_doctor_is_away(session: Session) -> None:
    who = doctor(session)
    made = session.get_one(Appointment, book(session, who)["id"])
    take(session, who, reason=SECRET, displace=True)
    assert (made.first_call, made.status_reason, made.displaced_at is None) == (True, "The doctor is away.", False)
    history(session, {"id": made.id})
    assert SECRET not in str(session.published)


@pytest.mark.parametrize("status", ["arrived", "in_progress"])
def test_a_patient_who_is_there_is_not_sent_away(session: Session, status: str) -> None:
    who = doctor(session)
    other, there = visit(session, "booked", who), visit(session, status, who, starts_at=at(hour=11))
    with pytest.raises(Conflict) as refused:
        take(session, who, displace=True)
    assert refused.value.facts == {"appointment_ids": [str(there)]}
    assert status_of(session, other) == "booked"


def test_the_visits_of_other_doctors_stay(session: Session) -> None:
    made = visit(session, "booked", doctor(session))
    assert take(session, doctor(session), displace=True)["displaced"] == []
    assert status_of(session, made) == "booked"


@pytest.mark.parametrize(("first", "last"), [(8, 12), (7, 9), (11, 13), (9, 10), (7, 13)])
def test_nobody_is_away_twice(session: Session, first: int, last: int) -> None:
    who = doctor(session)
    take(session, who)
    with pytest.raises(Conflict) as refused:
        take(session, who, starts_at=at(hour=first), ends_at=at(hour=last))
    assert refused.value.code == "time_off_overlaps"


def test_times_off_may_follow_each_other_and_belong_to_different_doctors(session: Session) -> None:
    who = doctor(session)
    take(session, who)
    take(session, who, starts_at=at(hour=12), ends_at=at(hour=14))
    take(session, doctor(session))
    assert len(listing(session, who).items) == 2


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        (lambda: (at(-2), at(-1)), "not_in_future"),
        (lambda: (at(2), at(2) + 366 * DAY + HALF_HOUR), "range_too_long"),
        (lambda: (at(1800), at(2000)), "too_far_ahead"),
        (lambda: (datetime.max.replace(tzinfo=UTC) - DAY, datetime.max.replace(tzinfo=UTC)), "too_far_ahead"),
        (lambda: (datetime.min.replace(tzinfo=UTC), at(2)), "range_too_long"),
    ],
)
def test_a_time_off_is_ahead_and_at_most_a_year_long(
    session: Session, ends: Callable[[], tuple[datetime, datetime]], code: str
) -> None:
    first, last = ends()
    with pytest.raises(Invalid) as refused:
        take(session, doctor(session), starts_at=first, ends_at=last)
    assert refused.value.code == code


def test_a_time_off_may_have_begun_and_be_a_leap_year_long(session: Session) -> None:
    taken = take(session, doctor(session), starts_at=at(-1), ends_at=at(-1) + 366 * DAY)
    assert taken["ends_at"] - taken["starts_at"] == 366 * DAY


def test_a_time_off_ends_after_it_begins() -> None:
    moments = {"starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-02T01:00:00+01:00"}
    with pytest.raises(Invalid) as refused:
        TakeTimeOff.read({"doctor_id": str(uuid7()), **moments})
    assert list(refused.value.facts["errors"]) == ["ends_at"]


def test_times_off_are_listed_latest_first_page_by_page(session: Session) -> None:
    who = doctor(session)
    made = [take(session, who, starts_at=at(day, 8), ends_at=at(day, 9))["id"] for day in (3, 2, 4)]
    first = listing(session, who, limit=2)
    last = listing(session, who, limit=2, cursor=first.next)
    assert [row.id for row in first.items + last.items] == [made[2], made[0], made[1]]
    assert last.next is None


def test_a_time_off_is_shown_as_it_was_taken(session: Session) -> None:
    who = doctor(session)
    taken = take(session, who, reason=SECRET)
    [shown] = [TimeOffRowView.dump_one(row) for row in listing(session, who).items]
    assert taken == {**shown, "displaced": []}
    assert (shown["starts_at"], shown["ends_at"], shown["reason"]) == (at(hour=8), at(hour=12), SECRET)


def test_the_reply_names_the_displaced_visits(session: Session) -> None:
    who = doctor(session)
    made = visit(session, "booked", who)
    assert TimeOffView.dump_one(take(session, who, displace=True))["displaced"] == [str(made)]


def test_a_time_off_that_is_taken_back_is_free_time_again(session: Session) -> None:
    who = doctor(session)
    made = visit(session, "booked", who)
    taken = take(session, who, displace=True)
    ended = time_off.end(session, who, EndTimeOff(doctor_id=who.person, time_off_id=taken["id"]))
    assert TimeOffRowView.dump_one(ended)["id"] == taken["id"]
    assert listing(session, who).items == []
    assert free(session, who, at(hour=0), at(3, 0))[0].starts_at == at()
    assert status_of(session, made) == "displaced"


def test_a_time_off_is_taken_back_once(session: Session) -> None:
    who = doctor(session)
    taken = take(session, who)
    time_off.end(session, who, EndTimeOff(doctor_id=who.person, time_off_id=taken["id"]))
    with pytest.raises(NotFound):
        time_off.end(session, who, EndTimeOff(doctor_id=who.person, time_off_id=taken["id"]))


def test_another_doctors_times_off_are_not_there(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    taken = take(session, who)
    with pytest.raises(NotFound):
        time_off.end(session, other, EndTimeOff(doctor_id=other.person, time_off_id=taken["id"]))
    for asking in (other, patient(None, "receptionist")):
        with pytest.raises(NotFound):
            time_off.end(session, asking, EndTimeOff(doctor_id=who.person, time_off_id=taken["id"]))
        with pytest.raises(NotFound):
            listing(session, asking, doctor_id=who.person)
        with pytest.raises(NotFound):
            take(session, asking, doctor_id=who.person, starts_at=at(5), ends_at=at(6))
    assert [row.id for row in listing(session, who).items] == [taken["id"]]


def test_who_is_not_known_as_a_doctor_yet_takes_no_time_off(session: Session) -> None:
    with pytest.raises(NotFound):
        take(session, patient(uuid7(), "doctor"))


def test_an_erased_doctors_times_off_are_gone(session: Session) -> None:
    who, other = doctor(session), doctor(session)
    take(session, who, reason=SECRET)
    take(session, other)
    handlers.on_user_erased(session, heard(session, 2), example_of(UserErased, user_id=who.person, reassign_to=None))
    assert session.scalars(select(TimeOff.doctor_id)).all() == [other.person]


def test_a_visit_that_is_no_slot_is_checked_against_times_off_too(session: Session) -> None:
    who = doctor(session)
    take(session, who)
    wish = Wish(who.person, uuid7(), at(hour=7))
    openings.check_free(session, wish, at(hour=8))
    with pytest.raises(Conflict) as refused:
        openings.check_free(session, wish, at(hour=8, minute=5))
    assert refused.value.code == "outside_hours"
