"""Admins and staff at once: each rule about shifts holds as if one had come after the other, without a deadlock."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from services.scheduling.models.shifts import Shift, ShiftSwap
from tests.scheduling.factories import at, in_transaction, together
from tests.scheduling.rota import answer, ask, change, decide, nurse, shift, shifts_of

Work = Callable[[Session], Any]


@pytest.fixture(autouse=True)
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock is to be seen, not to be tried again."""
    monkeypatch.setattr(execution, "TRIES", 1)


@pytest.fixture
def who(fresh: Database) -> Actor:
    """Somebody of the staff."""
    found: Actor = in_transaction(fresh, nurse)
    return found


@pytest.fixture
def other(fresh: Database) -> Actor:
    """Somebody else of the staff."""
    found: Actor = in_transaction(fresh, nurse)
    return found


def doing(work: Callable[..., Any], *given: Any, **more: Any) -> Work:
    """The work with these, to be done in some session."""
    return lambda session: work(session, *given, **more)


def done(database: Database, work: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """What the work has made, in a transaction of its own."""
    return in_transaction(database, doing(work, *given, **more))


def outcome(database: Database, work: Work) -> str:
    """`done`, the refusal's code, or the class of what went wrong."""
    try:
        in_transaction(database, work)
    except MatronError as refusal:
        return refusal.code
    except DBAPIError as error:
        return type(error.orig).__name__
    return "done"


def at_once(database: Database, works: list[Work]) -> Counter[str]:
    """How often each outcome came, when all are done at once; nobody has first to wait for a connection."""
    with ExitStack() as stack:
        for _ in works[:20]:
            stack.enter_context(database.autocommit())
    return Counter(together(*[lambda work=work: outcome(database, work) for work in works]))


def agreed(session: Session, who: Actor, other: Actor, **when: Any) -> Any:
    """A shift that another one has accepted to take."""
    given = shift(session, who, **when)
    answer(session, other, ask(session, who, given, other))
    return given


def test_of_many_shifts_that_overlap_a_person_gets_one(fresh: Database, who: Actor) -> None:
    works = [doing(shift, who, at(hour=hour)) for hour in range(6, 14)]
    assert at_once(fresh, works) == {"done": 1, "shift_overlaps": 7}


def test_many_shifts_at_once_never_make_more_than_sixty_hours(fresh: Database, who: Actor) -> None:
    works = [doing(shift, who, at(days=day), 13) for day in range(2, 9)]
    assert at_once(fresh, works) == {"done": 4, "too_many_hours": 3}


def test_shifts_that_are_moved_to_one_person_at_once_keep_the_rules(fresh: Database, who: Actor, other: Actor) -> None:
    made = [done(fresh, shift, other, at(days=day), 13) for day in range(2, 6)]
    for day in (6, 7, 8):
        done(fresh, shift, who, at(days=day), 13)
    works = [doing(change, one, person_id=who.person) for one in made]
    assert at_once(fresh, works) == {"done": 1, "too_many_hours": 3}


def test_of_two_who_are_asked_at_once_for_a_shift_one_is_asked(fresh: Database, who: Actor, other: Actor) -> None:
    given = done(fresh, shift, who)
    works = [doing(ask, who, given, asked) for asked in (other, done(fresh, nurse))]
    assert at_once(fresh, works) == {"done": 1, "swap_pending": 1}


def test_a_swap_that_is_decided_by_many_at_once_moves_once(fresh: Database, who: Actor, other: Actor) -> None:
    given = done(fresh, agreed, who, other)
    assert at_once(fresh, [doing(decide, given)] * 6) == {"done": 1, "swap_not_accepted": 5}
    with fresh.read() as session:
        assert session.execute(select(Shift.person_id, Shift.revision)).all() == [(other.person, 2)]


def test_a_swap_that_is_approved_while_the_other_one_steps_back_does_one_of_both(
    fresh: Database, who: Actor, other: Actor
) -> None:
    given = done(fresh, shift, who)
    swap = done(fresh, ask, who, given, other)
    done(fresh, answer, other, swap)
    found = at_once(fresh, [doing(decide, given), doing(answer, other, swap, "decline")])
    with fresh.read() as session:
        status = session.scalars(select(ShiftSwap.status)).one()
    assert found == {"done": 1, {"approved": "swap_answered", "declined": "swap_not_accepted"}[status]: 1}


def test_two_swaps_at_once_never_make_two_shifts_of_one_overlap(fresh: Database, who: Actor, other: Actor) -> None:
    third = done(fresh, nurse)
    given = [done(fresh, agreed, one, third, starts_at=at(hour=hour)) for one, hour in ((who, 9), (other, 12))]
    assert at_once(fresh, [doing(decide, one) for one in given]) == {"done": 1, "shift_overlaps": 1}


def test_two_swaps_at_once_never_make_more_than_sixty_hours(fresh: Database, who: Actor, other: Actor) -> None:
    third = done(fresh, nurse)
    for day in (2, 3, 4):
        done(fresh, shift, third, at(days=day), 13)
    given = [
        done(fresh, agreed, one, third, starts_at=at(days=day), hours=13)
        for one, day in ((who, 5), (other, 6), (who, 7))
    ]
    assert at_once(fresh, [doing(decide, one) for one in given]) == {"done": 1, "too_many_hours": 2}


def test_swaps_between_the_same_two_people_never_deadlock(fresh: Database, who: Actor, other: Actor) -> None:
    there = [done(fresh, agreed, who, other, starts_at=at(days=day)) for day in (2, 3, 4)]
    back = [done(fresh, agreed, other, who, starts_at=at(days=day)) for day in (5, 6, 7)]
    assert at_once(fresh, [doing(decide, one) for one in (*there, *back)]) == {"done": 6}
    with fresh.read() as session:
        assert set(shifts_of(session, who)) == {one["id"] for one in back}


def test_a_shift_that_is_cancelled_while_its_swap_is_decided_is_told_to_whoever_has_it(
    fresh: Database, who: Actor, other: Actor
) -> None:
    given = done(fresh, agreed, who, other)
    found = at_once(fresh, [doing(decide, given), doing(change, given, status="cancelled")])
    with fresh.read() as session:
        swap, status = session.scalars(select(ShiftSwap.status)).one(), session.scalars(select(Shift.status)).one()
    assert status == "cancelled"
    assert found == ({"done": 2} if swap == "approved" else {"done": 1, "shift_cancelled": 1})


def test_shifts_that_wander_crosswise_never_overlap_and_never_deadlock(fresh: Database) -> None:
    people = [done(fresh, nurse) for _ in range(3)]
    made = [done(fresh, shift, person, at(days=day)) for person in people for day in (2, 3, 4)]
    works = [doing(change, one, person_id=person.person) for one in made for person in people]
    assert set(at_once(fresh, works)) <= {"done", "shift_overlaps"}
    with fresh.read() as session:
        rows = session.execute(select(Shift.person_id, Shift.starts_at, Shift.ends_at)).all()
    for first, second in pairwise(sorted(rows, key=lambda row: (row.person_id, row.starts_at))):
        assert first.person_id != second.person_id or first.ends_at <= second.starts_at
