"""The staff, their shifts, swaps and tasks, with defaults, so that each test names only what matters to it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import StaffApproved
from contracts.scheduling.shifts.commands import AssignShift, ChangeShift
from contracts.scheduling.shifts.queries import ListMyShifts
from contracts.scheduling.shifts.swaps import AnswerSwap, AskForSwap, DecideSwap, ListMySwaps
from contracts.scheduling.shifts.views import ShiftView
from contracts.scheduling.tasks import ChangeTask, GiveTask, TaskView
from services.scheduling import tasks
from services.scheduling.directory import staff
from services.scheduling.shifts import commands as shifts
from services.scheduling.shifts import queries as shift_queries
from services.scheduling.shifts import swaps
from tests.events import example_of
from tests.perform import perform
from tests.scheduling.factories import at, heard, patient

HOUR = timedelta(hours=1)
ADMIN = patient(None, "admin")


def nurse(session: Session) -> Actor:
    """One of the staff, whom scheduling knows."""
    return colleague(session, "nurse")


def colleague(session: Session, *roles: str) -> Actor:
    """One of the staff with these roles, whom scheduling knows."""
    who = patient(None, *roles)
    for role in roles:
        staff.remember(session, heard(session), example_of(StaffApproved, user_id=who.person, role=role))
    return who


def shift(session: Session, who: Actor | UUID, starts_at: datetime | None = None, hours: float = 8) -> Any:
    """A shift of eight hours, by default the day after tomorrow from nine on, as a caller sees it."""
    begins = starts_at or at()
    person_id = who.person if isinstance(who, Actor) else who
    given: dict[str, Any] = {
        "person_id": person_id,
        "ward": "Ward 1",
        "starts_at": begins,
        "ends_at": begins + hours * HOUR,
    }
    return ShiftView.dump_one(shifts.assign(session, ADMIN, AssignShift(**given)))


def change(session: Session, one: Any, *, by: Actor = ADMIN, **changes: Any) -> Any:
    """A shift after an admin's change, as a caller sees it."""
    changed = shifts.change(session, by, ChangeShift(shift_id=one["id"], **changes))
    session.flush()
    return ShiftView.dump_one(changed)


def shifts_of(session: Session, who: Actor) -> list[UUID]:
    """The shifts that somebody is to work, latest first."""
    anything = {"from_": None, "to": None, "order": "desc", "limit": 100, "cursor": None}
    asked: dict[str, Any] = {"person_id": who.person, "status": ["assigned"], **anything}
    return [one.id for one in shift_queries.own(session, who, ListMyShifts(**asked)).items]


def ask(session: Session, who: Actor, one: Any, other: Actor, exchange: Any = None) -> Any:
    """One's wish to give a shift to somebody else, as a caller sees it."""
    in_exchange = exchange and exchange["id"]
    return swaps.ask(session, who, AskForSwap(shift_id=one["id"], asked_of=other.person, in_exchange_id=in_exchange))


def answer(session: Session, who: Actor, swap: Any, said: str = "accept") -> str:
    """What a swap is after an answer."""
    answered = swaps.answer(session, who, AnswerSwap(swap_id=swap["id"], answer=said))
    session.flush()
    return str(answered["status"])


def decide(session: Session, one: Any, *, by: Actor = ADMIN, decision: str = "approve", reason: Any = None) -> Any:
    """The swap of a shift after an admin's decision."""
    decided = swaps.decide(session, by, DecideSwap(shift_id=one["id"], decision=decision, reason=reason))
    session.flush()
    return decided


def states(session: Session, who: Actor) -> list[str]:
    """What the swaps are that somebody asked for or is asked for, newest first."""
    session.flush()
    return [row["status"] for row in swaps.own(session, who, ListMySwaps(limit=100, cursor=None)).items]


def task(session: Session, who: Actor, *, by: Actor = ADMIN, **fields: Any) -> Any:
    """A task, as a caller sees it."""
    about = {"title": "Count the blankets", "description": None, "patient_id": None}
    given = {**about, "priority": "routine", "due_at": None, "owner_id": who.person, **fields}
    return TaskView.dump_one(tasks.give(session, by, GiveTask(**given)))


def do(session: Session, who: Actor, one: Any, *moves: str) -> Any:
    """A task after these moves of its owner; `fail` and `reject` with a reason."""
    shown = one
    for move in moves:
        given = {"reason": "No blankets."} if move in ("fail", "reject") else {}
        shown = TaskView.dump_one(perform(getattr(tasks, move), session, who, task_id=one["id"], **given))
        session.flush()
    return shown


def correct(session: Session, one: Any, *, by: Actor = ADMIN, **changes: Any) -> Any:
    """A task after an admin's change."""
    changed = tasks.change(session, by, ChangeTask(task_id=one["id"], **changes))
    session.flush()
    return TaskView.dump_one(changed)


def somebody() -> UUID:
    """Whom nobody knows."""
    return uuid7()
