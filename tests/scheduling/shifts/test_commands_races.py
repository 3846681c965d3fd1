"""Concurrent changes of shifts and swaps. Each rule holds, and there is no deadlock."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from services.scheduling.models.shifts import Shift, ShiftSwap
from tests.scheduling.concurrency import in_transaction, outcomes_at_once
from tests.scheduling.factories import at
from tests.scheduling.staff_factories import (
    add_accepted_swap,
    add_nurse,
    answer_swap,
    ask_for_swap,
    assign_shift,
    change_shift,
    decide_swap,
    shift_ids_of,
)

Work = Callable[[Session], Any]
pytestmark = pytest.mark.usefixtures("deadlocks_fail")


@pytest.fixture
def nurse(fresh_database: Database) -> Actor:
    """A nurse."""
    found: Actor = in_transaction(fresh_database, add_nurse)
    return found


@pytest.fixture
def other_nurse(fresh_database: Database) -> Actor:
    """Another nurse."""
    found: Actor = in_transaction(fresh_database, add_nurse)
    return found


def work_of(work: Callable[..., Any], *shift: Any, **more: Any) -> Work:
    """The work with these arguments, as a function of the session."""
    return lambda session: work(session, *shift, **more)


def run(database: Database, work: Callable[..., Any], *shift: Any, **more: Any) -> Any:
    """Run the work in an own transaction; return its result."""
    return in_transaction(database, work_of(work, *shift, **more))


def test_overlapping_shifts_are_assigned_once_when_they_race(fresh_database: Database, nurse: Actor) -> None:
    works = [work_of(assign_shift, nurse, at(hour=hour)) for hour in range(6, 14)]
    assert outcomes_at_once(fresh_database, works) == {"done": 1, "shift_overlaps": 7}


def test_concurrent_shifts_never_exceed_sixty_hours(fresh_database: Database, nurse: Actor) -> None:
    works = [work_of(assign_shift, nurse, at(days=day), 13) for day in range(2, 9)]
    assert outcomes_at_once(fresh_database, works) == {"done": 4, "too_many_hours": 3}


def test_shifts_moved_to_one_person_at_once_never_exceed_sixty_hours(
    fresh_database: Database, nurse: Actor, other_nurse: Actor
) -> None:
    shifts = [run(fresh_database, assign_shift, other_nurse, at(days=day), 13) for day in range(2, 6)]
    for day in (6, 7, 8):
        run(fresh_database, assign_shift, nurse, at(days=day), 13)
    works = [work_of(change_shift, shift, person_id=nurse.person) for shift in shifts]
    assert outcomes_at_once(fresh_database, works) == {"done": 1, "too_many_hours": 3}


def test_shift_has_one_swap_when_two_colleagues_are_asked_at_once(
    fresh_database: Database, nurse: Actor, other_nurse: Actor
) -> None:
    shift = run(fresh_database, assign_shift, nurse)
    works = [
        work_of(ask_for_swap, nurse, shift, colleague) for colleague in (other_nurse, run(fresh_database, add_nurse))
    ]
    assert outcomes_at_once(fresh_database, works) == {"done": 1, "swap_pending": 1}


def test_swap_moves_its_shift_once_when_many_admins_decide(
    fresh_database: Database, nurse: Actor, other_nurse: Actor
) -> None:
    shift = run(fresh_database, add_accepted_swap, nurse, other_nurse)
    assert outcomes_at_once(fresh_database, [work_of(decide_swap, shift)] * 6) == {"done": 1, "swap_not_accepted": 5}
    with fresh_database.read() as session:
        assert session.execute(select(Shift.person_id, Shift.revision)).all() == [(other_nurse.person, 2)]


def test_swap_is_approved_or_declined_when_both_happen_at_once(
    fresh_database: Database, nurse: Actor, other_nurse: Actor
) -> None:
    shift = run(fresh_database, assign_shift, nurse)
    swap = run(fresh_database, ask_for_swap, nurse, shift, other_nurse)
    run(fresh_database, answer_swap, other_nurse, swap)
    found = outcomes_at_once(
        fresh_database, [work_of(decide_swap, shift), work_of(answer_swap, other_nurse, swap, "decline")]
    )
    with fresh_database.read() as session:
        status = session.scalars(select(ShiftSwap.status)).one()
    assert found == {"done": 1, {"approved": "swap_answered", "declined": "swap_not_accepted"}[status]: 1}


def test_concurrent_swaps_never_make_shifts_overlap(fresh_database: Database, nurse: Actor, other_nurse: Actor) -> None:
    third = run(fresh_database, add_nurse)
    shifts = [
        run(fresh_database, add_accepted_swap, person, third, starts_at=at(hour=hour))
        for person, hour in ((nurse, 9), (other_nurse, 12))
    ]
    assert outcomes_at_once(fresh_database, [work_of(decide_swap, shift) for shift in shifts]) == {
        "done": 1,
        "shift_overlaps": 1,
    }


def test_concurrent_swaps_never_exceed_sixty_hours(fresh_database: Database, nurse: Actor, other_nurse: Actor) -> None:
    third = run(fresh_database, add_nurse)
    for day in (2, 3, 4):
        run(fresh_database, assign_shift, third, at(days=day), 13)
    shifts = [
        run(fresh_database, add_accepted_swap, person, third, starts_at=at(days=day), hours=13)
        for person, day in ((nurse, 5), (other_nurse, 6), (nurse, 7))
    ]
    assert outcomes_at_once(fresh_database, [work_of(decide_swap, shift) for shift in shifts]) == {
        "done": 1,
        "too_many_hours": 2,
    }


def test_concurrent_swaps_of_two_people_never_deadlock(
    fresh_database: Database, nurse: Actor, other_nurse: Actor
) -> None:
    there = [run(fresh_database, add_accepted_swap, nurse, other_nurse, starts_at=at(days=day)) for day in (2, 3, 4)]
    back = [run(fresh_database, add_accepted_swap, other_nurse, nurse, starts_at=at(days=day)) for day in (5, 6, 7)]
    assert outcomes_at_once(fresh_database, [work_of(decide_swap, shift) for shift in (*there, *back)]) == {"done": 6}
    with fresh_database.read() as session:
        assert set(shift_ids_of(session, nurse)) == {shift["id"] for shift in back}


def test_shift_is_cancelled_when_its_swap_is_decided_at_once(
    fresh_database: Database, nurse: Actor, other_nurse: Actor
) -> None:
    shift = run(fresh_database, add_accepted_swap, nurse, other_nurse)
    found = outcomes_at_once(
        fresh_database, [work_of(decide_swap, shift), work_of(change_shift, shift, status="cancelled")]
    )
    with fresh_database.read() as session:
        swap, status = session.scalars(select(ShiftSwap.status)).one(), session.scalars(select(Shift.status)).one()
    assert status == "cancelled"
    assert found == ({"done": 2} if swap == "approved" else {"done": 1, "shift_cancelled": 1})


def test_concurrent_shift_moves_never_overlap_and_never_deadlock(fresh_database: Database) -> None:
    people = [run(fresh_database, add_nurse) for _ in range(3)]
    shifts = [run(fresh_database, assign_shift, person, at(days=day)) for person in people for day in (2, 3, 4)]
    works = [work_of(change_shift, shift, person_id=person.person) for shift in shifts for person in people]
    assert set(outcomes_at_once(fresh_database, works)) <= {"done", "shift_overlaps"}
    with fresh_database.read() as session:
        rows = session.execute(select(Shift.person_id, Shift.starts_at, Shift.ends_at)).all()
    for first, second in pairwise(sorted(rows, key=lambda row: (row.person_id, row.starts_at))):
        assert first.person_id != second.person_id or first.ends_at <= second.starts_at
