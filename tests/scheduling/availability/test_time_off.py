"""Times off of doctors, and their effect on slots and visits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentDisplaced
from contracts.scheduling.availability import EndTimeOff, ListTimeOff, TakeTimeOff, TimeOffRowView, TimeOffView
from services.scheduling.appointments import openings
from services.scheduling.appointments.conflicts import SlotRequest
from services.scheduling.availability import time_off
from services.scheduling.models.appointments import ACTIVE, Appointment
from services.scheduling.models.availability import TimeOff
from tests.scheduling.departures import erase_user
from tests.scheduling.factories import (
    HALF_HOUR,
    add_doctor,
    at,
    book,
    changes_of,
    free_slots,
    make_user,
    published,
    status_of,
)
from tests.scheduling.time_off_steps import PRIVATE_REASON, book_with_status, take_time_off

DAY = timedelta(days=1)


def list_time_off(session: Session, doctor: Actor, **fields: Any) -> Any:
    """A page of a doctor's times off, by default the caller's."""
    return time_off.listing(
        session, doctor, ListTimeOff(**{"doctor_id": doctor.person, "limit": 20, "cursor": None, **fields})
    )


def test_slots_are_not_offered_in_a_time_off(session: Session) -> None:
    doctor = add_doctor(session)
    take_time_off(session, doctor)
    assert free_slots(session, doctor, at(hour=0), at(3, 0))[0].starts_at == at(hour=12)


def test_slot_is_not_offered_when_it_overlaps_a_time_off(session: Session) -> None:
    doctor = add_doctor(session)
    take_time_off(session, doctor, starts_at=at(hour=9, minute=15), ends_at=at(hour=9, minute=20))
    assert free_slots(session, doctor, at(hour=0), at(3, 0))[0].starts_at == at(hour=9, minute=30)


def test_time_off_blocks_slots_when_it_began_a_year_ago(session: Session) -> None:
    doctor = add_doctor(session)
    take_time_off(session, doctor, starts_at=at(-363), ends_at=at(3, 0))
    assert free_slots(session, doctor, at(1, 0), at(3, 0)) == []
    with pytest.raises(Conflict):
        book(session, doctor)


@pytest.mark.parametrize("role", ["patient", "receptionist"])
def test_booking_is_refused_in_a_time_off(session: Session, role: str) -> None:
    doctor, caller = add_doctor(session), make_user(role)
    take_time_off(session, doctor)
    with pytest.raises(Conflict) as refused:
        book(session, doctor, actor=caller, patient_id=caller.person if role == "patient" else uuid7())
    assert refused.value.code == "outside_hours"


def test_booking_is_allowed_right_before_and_after_a_time_off(session: Session) -> None:
    doctor = add_doctor(session)
    take_time_off(session, doctor, starts_at=at(hour=9, minute=30), ends_at=at(hour=10))
    assert book(session, doctor)["ends_at"] == at(hour=9, minute=30)
    assert book(session, doctor, starts_at=at(hour=10))["starts_at"] == at(hour=10)


def test_booking_is_allowed_when_another_doctor_is_away(session: Session) -> None:
    doctor = add_doctor(session)
    take_time_off(session, add_doctor(session))
    assert book(session, doctor)["status"] == "requested"


@pytest.mark.parametrize("status", ACTIVE)
def test_time_off_is_refused_and_names_the_active_visits(session: Session, status: str) -> None:
    doctor = add_doctor(session)
    visit_ids = [book_with_status(session, status, doctor, starts_at=at(hour=hour)) for hour in (9, 11)]
    with pytest.raises(Conflict) as refused:
        take_time_off(session, doctor)
    assert (refused.value.code, refused.value.facts) == (
        "has_visits",
        {"appointment_ids": [str(visit_id) for visit_id in visit_ids]},
    )
    assert list_time_off(session, doctor).items == []


@pytest.mark.parametrize("status", ["fulfilled", "rejected", "expired", "cancelled", "no_show", "displaced"])
def test_time_off_is_allowed_when_the_visit_is_not_active(session: Session, status: str) -> None:
    doctor = add_doctor(session)
    visit_ids = book_with_status(session, status, doctor)
    assert take_time_off(session, doctor, displace=True)["displaced"] == []
    assert status_of(session, visit_ids) == status


@pytest.mark.parametrize(("hour", "minute"), [(8, 0), (9, 30)])
def test_time_off_is_allowed_right_before_and_after_a_visit(session: Session, hour: int, minute: int) -> None:
    doctor, starts_at = add_doctor(session), at(hour=hour, minute=minute)
    book_with_status(session, "booked", doctor)
    assert take_time_off(session, doctor, starts_at=starts_at, ends_at=starts_at + 2 * HALF_HOUR)["displaced"] == []


@pytest.mark.parametrize("status", ["requested", "booked"])
def test_time_off_displaces_visits_when_asked_to(session: Session, status: str) -> None:
    doctor = add_doctor(session)
    visit_ids = [book_with_status(session, status, doctor, starts_at=at(hour=hour)) for hour in (11, 9)]
    assert take_time_off(session, doctor, displace=True)["displaced"] == visit_ids[::-1]
    session.flush()
    assert [status_of(session, visit_id) for visit_id in visit_ids] == ["displaced"] * 2


def test_displaced_visit_is_published_once_and_stored_in_its_history(session: Session) -> None:
    doctor = add_doctor(session)
    visit_ids = book(session, doctor)
    take_time_off(session, doctor, displace=True)
    [event] = published(session, AppointmentDisplaced)
    assert (event["appointment_id"], event["revision"]) == (visit_ids["id"], 2)
    assert changes_of(session, visit_ids)[-1] == (2, "displaced", doctor.id)


def test_displaced_visit_has_first_call_and_hides_the_doctors_reason(session: Session) -> None:
    doctor = add_doctor(session)
    visit_ids = session.get_one(Appointment, book(session, doctor)["id"])
    take_time_off(session, doctor, reason=PRIVATE_REASON, displace=True)
    assert (visit_ids.first_call, visit_ids.status_reason, visit_ids.displaced_at is None) == (
        True,
        "The doctor is away.",
        False,
    )
    changes_of(session, {"id": visit_ids.id})
    assert PRIVATE_REASON not in str(session.published)


@pytest.mark.parametrize("status", ["arrived", "in_progress"])
def test_time_off_is_refused_when_a_patient_has_arrived(session: Session, status: str) -> None:
    doctor = add_doctor(session)
    other, there = (
        book_with_status(session, "booked", doctor),
        book_with_status(session, status, doctor, starts_at=at(hour=11)),
    )
    with pytest.raises(Conflict) as refused:
        take_time_off(session, doctor, displace=True)
    assert refused.value.facts == {"appointment_ids": [str(there)]}
    assert status_of(session, other) == "booked"


def test_time_off_displaces_no_visits_of_other_doctors(session: Session) -> None:
    visit_ids = book_with_status(session, "booked", add_doctor(session))
    assert take_time_off(session, add_doctor(session), displace=True)["displaced"] == []
    assert status_of(session, visit_ids) == "booked"


@pytest.mark.parametrize(("first", "last"), [(8, 12), (7, 9), (11, 13), (9, 10), (7, 13)])
def test_time_off_is_refused_when_it_overlaps_another(session: Session, first: int, last: int) -> None:
    doctor = add_doctor(session)
    take_time_off(session, doctor)
    with pytest.raises(Conflict) as refused:
        take_time_off(session, doctor, starts_at=at(hour=first), ends_at=at(hour=last))
    assert refused.value.code == "time_off_overlaps"


def test_times_off_are_allowed_when_they_only_touch(session: Session) -> None:
    doctor = add_doctor(session)
    take_time_off(session, doctor)
    take_time_off(session, doctor, starts_at=at(hour=12), ends_at=at(hour=14))
    take_time_off(session, add_doctor(session))
    assert len(list_time_off(session, doctor).items) == 2


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
def test_time_off_is_refused_when_it_is_past_or_too_long(
    session: Session, ends: Callable[[], tuple[datetime, datetime]], code: str
) -> None:
    first, last = ends()
    with pytest.raises(Invalid) as refused:
        take_time_off(session, add_doctor(session), starts_at=first, ends_at=last)
    assert refused.value.code == code


def test_time_off_may_have_begun_and_last_366_days(session: Session) -> None:
    taken = take_time_off(session, add_doctor(session), starts_at=at(-1), ends_at=at(-1) + 366 * DAY)
    assert taken["ends_at"] - taken["starts_at"] == 366 * DAY


def test_time_off_is_refused_when_it_ends_at_its_start() -> None:
    moments = {"starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-02T01:00:00+01:00"}
    with pytest.raises(Invalid) as refused:
        TakeTimeOff.read({"doctor_id": str(uuid7()), **moments})
    assert list(refused.value.facts["errors"]) == ["ends_at"]


def test_times_off_are_listed_latest_first_in_pages(session: Session) -> None:
    doctor = add_doctor(session)
    ids = [take_time_off(session, doctor, starts_at=at(day, 8), ends_at=at(day, 9))["id"] for day in (3, 2, 4)]
    first = list_time_off(session, doctor, limit=2)
    last = list_time_off(session, doctor, limit=2, cursor=first.next)
    assert [row.id for row in first.items + last.items] == [ids[2], ids[0], ids[1]]
    assert last.next is None


def test_time_off_is_listed_as_it_was_taken(session: Session) -> None:
    doctor = add_doctor(session)
    taken = take_time_off(session, doctor, reason=PRIVATE_REASON)
    [shown] = [TimeOffRowView.dump_one(row) for row in list_time_off(session, doctor).items]
    assert taken == {**shown, "displaced": []}
    assert (shown["starts_at"], shown["ends_at"], shown["reason"]) == (at(hour=8), at(hour=12), PRIVATE_REASON)


def test_reply_names_the_displaced_visits(session: Session) -> None:
    doctor = add_doctor(session)
    visit_ids = book_with_status(session, "booked", doctor)
    assert TimeOffView.dump_one(take_time_off(session, doctor, displace=True))["displaced"] == [str(visit_ids)]


def test_ended_time_off_frees_its_slots_and_keeps_visits_displaced(session: Session) -> None:
    doctor = add_doctor(session)
    visit_ids = book_with_status(session, "booked", doctor)
    taken = take_time_off(session, doctor, displace=True)
    ended = time_off.end(session, doctor, EndTimeOff(doctor_id=doctor.person, time_off_id=taken["id"]))
    assert TimeOffRowView.dump_one(ended)["id"] == taken["id"]
    assert list_time_off(session, doctor).items == []
    assert free_slots(session, doctor, at(hour=0), at(3, 0))[0].starts_at == at()
    assert status_of(session, visit_ids) == "displaced"


def test_ending_a_time_off_is_refused_the_second_time(session: Session) -> None:
    doctor = add_doctor(session)
    taken = take_time_off(session, doctor)
    time_off.end(session, doctor, EndTimeOff(doctor_id=doctor.person, time_off_id=taken["id"]))
    with pytest.raises(NotFound):
        time_off.end(session, doctor, EndTimeOff(doctor_id=doctor.person, time_off_id=taken["id"]))


def test_ending_is_refused_when_the_time_off_is_another_doctors(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    taken = take_time_off(session, doctor)
    with pytest.raises(NotFound):
        time_off.end(session, other, EndTimeOff(doctor_id=other.person, time_off_id=taken["id"]))
    assert [row.id for row in list_time_off(session, doctor).items] == [taken["id"]]


@pytest.mark.parametrize("role", ["doctor", "receptionist"])
def test_times_off_are_hidden_from_other_doctors_and_the_desk(session: Session, role: str) -> None:
    doctor = add_doctor(session)
    caller = add_doctor(session) if role == "doctor" else make_user(role)
    taken = take_time_off(session, doctor)
    with pytest.raises(NotFound):
        time_off.end(session, caller, EndTimeOff(doctor_id=doctor.person, time_off_id=taken["id"]))
    with pytest.raises(NotFound):
        list_time_off(session, caller, doctor_id=doctor.person)
    with pytest.raises(NotFound):
        take_time_off(session, caller, doctor_id=doctor.person, starts_at=at(5), ends_at=at(6))
    assert [row.id for row in list_time_off(session, doctor).items] == [taken["id"]]


def test_time_off_is_refused_when_the_doctor_is_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        take_time_off(session, make_user("doctor", person_id=uuid7()))


def test_times_off_are_deleted_when_their_doctor_is_erased(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    take_time_off(session, doctor, reason=PRIVATE_REASON)
    take_time_off(session, other)
    erase_user(session, doctor)
    assert session.scalars(select(TimeOff.doctor_id)).all() == [other.person]


def test_overbooked_time_is_refused_when_it_overlaps_a_time_off(session: Session) -> None:
    doctor = add_doctor(session)
    take_time_off(session, doctor)
    wish = SlotRequest(doctor.person, uuid7(), at(hour=7))
    openings.check_free(session, wish, at(hour=8))
    with pytest.raises(Conflict) as refused:
        openings.check_free(session, wish, at(hour=8, minute=5))
    assert refused.value.code == "outside_hours"
