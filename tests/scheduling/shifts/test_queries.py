"""Lists of shifts: order, filters and pages, and access to one shift."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from chassis.contract import Page
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.shifts.queries import GetShift, ListMyShifts, ListShifts
from services.scheduling.shifts import queries as shift_queries
from tests.scheduling.factories import at
from tests.scheduling.staff_factories import (
    ADMIN,
    add_nurse,
    assign_shift,
    change_shift,
    shift_ids_of,
    unknown_id,
)

DEFAULTS: dict[str, Any] = {"status": None, "from_": None, "to": None, "order": "desc", "limit": 100, "cursor": None}


def list_page(session: Session, nurse: Actor, **filters: Any) -> Page:
    """A page of a nurse's shifts, as an admin sees it."""
    query = ListShifts(**{**DEFAULTS, "ward": None, "person_id": nurse.person, **filters})
    return shift_queries.listing(session, ADMIN, query)


def list_ids(session: Session, nurse: Actor, **filters: Any) -> list[UUID]:
    """The ids of a nurse's shifts, as an admin sees them."""
    return [shift.id for shift in list_page(session, nurse, **filters).items]


def own_ids(session: Session, nurse: Actor, **filters: Any) -> list[UUID]:
    """The ids of a nurse's shifts, as the nurse sees them."""
    query = ListMyShifts(**{**DEFAULTS, "person_id": nurse.person, **filters})
    return [shift.id for shift in shift_queries.own(session, nurse, query).items]


def test_shifts_are_listed_latest_first_in_pages(session: Session) -> None:
    nurse = add_nurse(session)
    ids = [assign_shift(session, nurse, at(days=day))["id"] for day in (3, 2, 4)]
    first = list_page(session, nurse, limit=2)
    second = list_page(session, nurse, limit=2, cursor=first.next)
    assert [shift.id for shift in (*first.items, *second.items)] == [ids[2], ids[0], ids[1]]


def test_shifts_are_filtered_by_ward_and_start(session: Session) -> None:
    nurse = add_nurse(session)
    first, second, _third = (assign_shift(session, nurse, at(days=day, hour=22)) for day in (2, 3, 4))
    change_shift(session, second, ward="Ward 7")
    day = second["starts_at"].date()
    assert list_ids(session, nurse, from_=day, to=day) == [second["id"]]
    assert list_ids(session, nurse, ward="Ward 7") == [second["id"]]
    assert list_ids(session, nurse, to=second["starts_at"]) == [first["id"]]


@pytest.mark.parametrize("list_shifts", [list_ids, own_ids])
def test_shifts_are_filtered_by_status(session: Session, list_shifts: Callable[..., list[UUID]]) -> None:
    nurse = add_nurse(session)
    assigned, cancelled = assign_shift(session, nurse), assign_shift(session, nurse, at(days=3))
    change_shift(session, cancelled, status="cancelled")
    assert list_shifts(session, nurse, status=("assigned",)) == [assigned["id"]]
    assert list_shifts(session, nurse, status=("cancelled",)) == [cancelled["id"]]
    assert list_shifts(session, nurse, status=("cancelled", "assigned")) == [cancelled["id"], assigned["id"]]


def test_own_shifts_exclude_shifts_of_other_people(session: Session) -> None:
    nurse = add_nurse(session)
    shift, _other = assign_shift(session, nurse), assign_shift(session, add_nurse(session))
    assert shift_ids_of(session, nurse) == [shift["id"]]


def test_own_shifts_are_refused_for_another_person(session: Session) -> None:
    nurse, other_nurse = add_nurse(session), add_nurse(session)
    with pytest.raises(NotFound):
        own_ids(session, nurse, person_id=other_nurse.person)


def test_shifts_are_listed_earliest_first_when_asked(session: Session) -> None:
    nurse = add_nurse(session)
    ids = [assign_shift(session, nurse, at(days=day))["id"] for day in (3, 2, 4)]
    assert list_ids(session, nurse, order="asc", limit=2) == [ids[1], ids[0]]


def test_admin_reads_one_shift(session: Session) -> None:
    shift = assign_shift(session, add_nurse(session))
    assert shift_queries.get(session, ADMIN, GetShift(shift_id=shift["id"])).items() >= shift.items()


def test_unknown_shift_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        shift_queries.get(session, ADMIN, GetShift(shift_id=unknown_id()))
