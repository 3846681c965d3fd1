"""Lists of shifts: order, filters and pages, and access to one shift."""

from typing import Any

import pytest

from chassis.errors import NotFound
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

ALL: dict[str, Any] = dict.fromkeys(("person_id", "ward", "status", "from_", "to", "cursor")) | {
    "order": "desc",
    "limit": 100,
}


def test_shifts_are_listed_latest_first_in_pages(session: Session) -> None:
    nurse = add_nurse(session)
    shift = [assign_shift(session, nurse, at(days=day))["id"] for day in (3, 2, 4)]
    first = shift_queries.listing(session, ADMIN, ListShifts(**{**ALL, "person_id": nurse.person, "limit": 2}))
    second = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": nurse.person, "limit": 2, "cursor": first.next})
    )
    assert [one.id for one in (*first.items, *second.items)] == [shift[2], shift[0], shift[1]]


def test_shifts_are_filtered_by_ward_and_start(session: Session) -> None:
    nurse = add_nurse(session)
    shift = [assign_shift(session, nurse, at(days=day, hour=22)) for day in (2, 3, 4)]
    change_shift(session, shift[1], ward="Ward 7")
    day = shift[1]["starts_at"].date()
    of_day = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": nurse.person, "from_": day, "to": day})
    )
    of_ward = shift_queries.listing(session, ADMIN, ListShifts(**{**ALL, "person_id": nurse.person, "ward": "Ward 7"}))
    until = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": nurse.person, "to": shift[1]["starts_at"]})
    )
    found = [[one.id for one in page.items] for page in (of_day, of_ward, until)]
    assert found == [[shift[1]["id"]], [shift[1]["id"]], [shift[0]["id"]]]


def test_shifts_are_filtered_by_status(session: Session) -> None:
    nurse = add_nurse(session)
    kept, gone = assign_shift(session, nurse), assign_shift(session, nurse, at(days=3))
    change_shift(session, gone, status="cancelled")
    mine = {**{name: value for name, value in ALL.items() if name != "ward"}, "person_id": nurse.person}
    for status, found in {
        ("assigned",): [kept],
        ("cancelled",): [gone],
        ("cancelled", "assigned"): [gone, kept],
    }.items():
        of_all = shift_queries.listing(
            session, ADMIN, ListShifts(**{**ALL, "person_id": nurse.person, "status": status})
        )
        own = shift_queries.own(session, nurse, ListMyShifts(**{**mine, "status": status}))
        assert [one.id for one in of_all.items] == [one.id for one in own.items] == [one["id"] for one in found]


def test_own_shifts_are_refused_for_another_person(session: Session) -> None:
    nurse, other_nurse = add_nurse(session), add_nurse(session)
    shift, _others = assign_shift(session, nurse), assign_shift(session, other_nurse)
    assert shift_ids_of(session, nurse) == [shift["id"]]
    with pytest.raises(NotFound):
        shift_queries.own(
            session,
            nurse,
            ListMyShifts(**{**{n: v for n, v in ALL.items() if n != "ward"}, "person_id": other_nurse.person}),
        )


def test_shifts_are_listed_earliest_first_when_asked(session: Session) -> None:
    nurse = add_nurse(session)
    shift = [assign_shift(session, nurse, at(days=day))["id"] for day in (3, 2, 4)]
    page = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": nurse.person, "order": "asc", "limit": 2})
    )
    assert [one.id for one in page.items] == [shift[1], shift[0]]


def test_admin_reads_one_shift(session: Session) -> None:
    shift = assign_shift(session, add_nurse(session))
    assert shift_queries.get(session, ADMIN, GetShift(shift_id=shift["id"])).items() >= shift.items()
    with pytest.raises(NotFound):
        shift_queries.get(session, ADMIN, GetShift(shift_id=unknown_id()))
