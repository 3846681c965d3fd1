"""Colleagues: whom one of the staff sees, and what of their work; of everybody else there is nothing to learn."""

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
from tests.scheduling.factories import at, doctor, heard, patient, statements
from tests.scheduling.rota import change, colleague, nurse, shift, somebody


@pytest.fixture
def who(session: Session) -> Actor:
    """Somebody of the staff with two roles, and nobody else who has either."""
    return colleague(session, "pharmacist", "lab_technician")


def seen(session: Session, who: Actor, limit: int = 100, cursor: str | None = None) -> Any:
    """A page of somebody's colleagues."""
    return page_of(ColleagueView).dump_one(colleagues.listing(session, who, ListColleagues(limit=limit, cursor=cursor)))


def work_of(session: Session, who: Actor, one: UUID, limit: int = 100, cursor: str | None = None) -> Any:
    """A page of a colleague's shifts, as somebody sees them."""
    found = colleagues.shifts(session, who, ListColleagueShifts(colleague_id=one, limit=limit, cursor=cursor))
    return page_of(ColleagueShiftView).dump_one(found)


def test_one_sees_who_has_a_role_in_common_and_which(session: Session, who: Actor) -> None:
    both, one = colleague(session, "lab_technician", "pharmacist"), colleague(session, "pharmacist", "nurse")
    colleague(session, "nurse")
    expected = {str(both.person): ["lab_technician", "pharmacist"], str(one.person): ["pharmacist"]}
    assert {row["id"]: row["roles"] for row in seen(session, who)["items"]} == expected


def test_who_has_left_or_has_the_role_no_more_is_no_colleague(session: Session, who: Actor) -> None:
    gone, other = colleague(session, "pharmacist"), colleague(session, "pharmacist")
    staff.suspend(session, heard(session, 2), user_id=gone.person)
    staff.dismiss(session, heard(session, 2), user_id=other.person, role="pharmacist")
    staff.remember(session, heard(session, 3), example_of(StaffApproved, user_id=other.person, role="nurse"))
    assert seen(session, who)["items"] == []
    for one in (gone, other):
        with pytest.raises(NotFound):
            work_of(session, who, one.person)


def test_who_has_left_sees_nobody(session: Session, who: Actor) -> None:
    other = colleague(session, "pharmacist")
    staff.suspend(session, heard(session, 2), user_id=who.person)
    assert seen(session, who)["items"] == []
    with pytest.raises(NotFound):
        work_of(session, who, other.person)


def test_colleagues_come_by_pages_in_two_statements_each(session: Session, who: Actor) -> None:
    made = sorted(colleague(session, "pharmacist", "lab_technician").person for _ in range(5))
    found, cursor = list[str](), None
    for _page in range(3):
        with statements(session) as sent:
            page = seen(session, who, 2, cursor)
        assert len(sent) == 2
        found, cursor = found + [row["id"] for row in page["items"]], page["next"]
    assert (found, cursor) == ([str(one) for one in made], None)


def test_one_sees_when_and_where_a_colleague_is_to_work_and_no_more(session: Session, who: Actor) -> None:
    other = colleague(session, "pharmacist")
    later, sooner = (shift(session, other, at(days=day)) for day in (4, 3))
    change(session, shift(session, other, at(days=5)), status="cancelled")
    shift(session, who)
    with statements(session) as sent:
        items = work_of(session, who, other.person)["items"]
    assert items == [{name: one[name] for name in ("id", "ward", "starts_at", "ends_at")} for one in (sooner, later)]
    assert len(sent) == 2


def test_a_colleagues_shifts_come_by_pages(session: Session, who: Actor) -> None:
    other = colleague(session, "pharmacist")
    made = [shift(session, other, at(days=day))["id"] for day in (3, 4, 5)]
    first = work_of(session, who, other.person, 2)
    second = work_of(session, who, other.person, 2, first["next"])
    assert [one["id"] for one in (*first["items"], *second["items"])] == made
    assert second["next"] is None


def test_a_shift_that_has_begun_is_not_shown(session: Session, who: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    other = colleague(session, "pharmacist")
    begun = shift(session, other)
    monkeypatch.setattr(clock, "now", lambda: begun["starts_at"] + timedelta(minutes=1))
    assert work_of(session, who, other.person)["items"] == []


@pytest.mark.parametrize("whose", ["other role", "doctor", "patient", "oneself", "nobody"])
def test_of_nobody_else_is_anything_told(session: Session, who: Actor, whose: str) -> None:
    people = {
        "other role": lambda: nurse(session),
        "doctor": lambda: doctor(session),
        "patient": patient,
        "oneself": lambda: who,
        "nobody": lambda: patient(somebody()),
    }
    with pytest.raises(NotFound) as refusal:
        work_of(session, who, people[whose]().person)
    assert (type(refusal.value), refusal.value.code) == (NotFound, "not_found")
