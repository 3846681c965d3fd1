"""Colleagues with a shared role, and their shifts. Other people are hidden."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis import clock
from chassis.contract import page_of
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import StaffApproved
from contracts.scheduling.shifts.queries import ListColleagues, ListColleagueShifts
from contracts.scheduling.shifts.views import ColleagueShiftView, ColleagueView
from services.scheduling.directory import staff
from services.scheduling.shifts import colleagues
from tests.events import example_of
from tests.scheduling.departures import suspend_staff
from tests.scheduling.factories import add_doctor, at, event_actor, make_patient
from tests.scheduling.recorded_sql import record_statements
from tests.scheduling.staff_factories import add_nurse, add_staff, assign_shift, change_shift, unknown_id


@pytest.fixture
def caller(session: Session) -> Actor:
    """A member of staff with two roles that no other person has."""
    return add_staff(session, "pharmacist", "lab_technician")


def list_colleagues(session: Session, caller: Actor, limit: int = 100, cursor: str | None = None) -> Any:
    """A page of the caller's colleagues."""
    return page_of(ColleagueView).dump_one(
        colleagues.listing(session, caller, ListColleagues(limit=limit, cursor=cursor))
    )


def list_shifts(
    session: Session, caller: Actor, colleague_id: UUID, limit: int = 100, cursor: str | None = None
) -> Any:
    """A page of a colleague's shifts, as the caller sees them."""
    found = colleagues.shifts(
        session, caller, ListColleagueShifts(colleague_id=colleague_id, limit=limit, cursor=cursor)
    )
    return page_of(ColleagueShiftView).dump_one(found)


def test_colleagues_are_people_with_a_shared_role(session: Session, caller: Actor) -> None:
    both, single = add_staff(session, "lab_technician", "pharmacist"), add_staff(session, "pharmacist", "nurse")
    add_staff(session, "nurse")
    expected = {str(both.person): ["lab_technician", "pharmacist"], str(single.person): ["pharmacist"]}
    assert {row["id"]: row["roles"] for row in list_colleagues(session, caller)["items"]} == expected


def test_colleagues_exclude_people_who_left_or_lost_the_role(session: Session, caller: Actor) -> None:
    leaver, other = add_staff(session, "pharmacist"), add_staff(session, "pharmacist")
    suspend_staff(session, leaver)
    staff.dismiss(session, event_actor(session, 2), user_id=other.person, role="pharmacist")
    staff.on_staff_approved(
        session, event_actor(session, 3), example_of(StaffApproved, user_id=other.person, role="nurse")
    )
    assert list_colleagues(session, caller)["items"] == []
    for person in (leaver, other):
        with pytest.raises(NotFound):
            list_shifts(session, caller, person.person)


def test_colleagues_are_hidden_from_a_caller_who_has_left(session: Session, caller: Actor) -> None:
    other = add_staff(session, "pharmacist")
    suspend_staff(session, caller)
    assert list_colleagues(session, caller)["items"] == []
    with pytest.raises(NotFound):
        list_shifts(session, caller, other.person)


def test_colleagues_are_listed_in_pages_of_three_statements_each(session: Session, caller: Actor) -> None:
    expected = sorted(add_staff(session, "pharmacist", "lab_technician").person for _ in range(5))
    found, cursor = list[str](), None
    for _page in range(3):
        with record_statements(session) as sent:
            page = list_colleagues(session, caller, 2, cursor)
        assert len(sent) == 3
        found, cursor = found + [row["id"] for row in page["items"]], page["next"]
    assert (found, cursor) == ([str(person_id) for person_id in expected], None)


def test_colleague_shifts_show_only_ward_and_times(session: Session, caller: Actor) -> None:
    other = add_staff(session, "pharmacist")
    later, sooner = (assign_shift(session, other, at(days=day)) for day in (4, 3))
    change_shift(session, assign_shift(session, other, at(days=5)), status="cancelled")
    assign_shift(session, caller)
    with record_statements(session) as sent:
        items = list_shifts(session, caller, other.person)["items"]
    assert items == [
        {name: shift[name] for name in ("id", "ward", "starts_at", "ends_at")} for shift in (sooner, later)
    ]
    assert len(sent) == 2


def test_colleague_shifts_are_listed_in_pages(session: Session, caller: Actor) -> None:
    other = add_staff(session, "pharmacist")
    expected = [assign_shift(session, other, at(days=day))["id"] for day in (3, 4, 5)]
    first = list_shifts(session, caller, other.person, 2)
    second = list_shifts(session, caller, other.person, 2, first["next"])
    assert [shift["id"] for shift in (*first["items"], *second["items"])] == expected
    assert second["next"] is None


def test_colleague_shifts_exclude_a_shift_that_has_begun(
    session: Session, caller: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = add_staff(session, "pharmacist")
    begun = assign_shift(session, other)
    monkeypatch.setattr(clock, "now", lambda: begun["starts_at"] + timedelta(minutes=1))
    assert list_shifts(session, caller, other.person)["items"] == []


@pytest.mark.parametrize("person", ["other role", "doctor", "patient", "caller", "unknown"])
def test_colleague_shifts_are_refused_for_anyone_else(session: Session, caller: Actor, person: str) -> None:
    people = {
        "other role": lambda: add_nurse(session),
        "doctor": lambda: add_doctor(session),
        "patient": make_patient,
        "caller": lambda: caller,
        "unknown": lambda: make_patient(unknown_id()),
    }
    with pytest.raises(NotFound) as refusal:
        list_shifts(session, caller, people[person]().person)
    assert (type(refusal.value), refusal.value.code) == (NotFound, "not_found")
