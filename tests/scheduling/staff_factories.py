"""Builders of staff, shifts, swaps and tasks. Each has defaults, so a test names only the facts that it checks."""

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
from tests.scheduling.factories import at, event_actor, make_user

HOUR = timedelta(hours=1)
ADMIN = make_user("admin")


def unknown_id() -> UUID:
    """An id that no record has."""
    return uuid7()


def add_nurse(session: Session) -> Actor:
    """Store a nurse."""
    return add_staff(session, "nurse")


def add_staff(session: Session, *roles: str) -> Actor:
    """Store a member of staff with these roles."""
    person = make_user(*roles)
    for role in roles:
        staff.on_staff_approved(
            session, event_actor(session), example_of(StaffApproved, user_id=person.person, role=role)
        )
    return person


# --- shifts -----------------------------------------------------------------------------------------------------------


def assign_shift(session: Session, person: Actor | UUID, starts_at: datetime | None = None, hours: float = 8) -> Any:
    """Assign a shift, by default the day after tomorrow at nine."""
    starts_at = starts_at or at()
    given: dict[str, Any] = {
        "person_id": person.person if isinstance(person, Actor) else person,
        "ward": "Ward 1",
        "starts_at": starts_at,
        "ends_at": starts_at + hours * HOUR,
    }
    return ShiftView.dump_one(shifts.assign(session, ADMIN, AssignShift(**given)))


def change_shift(session: Session, shift: Any, *, by: Actor = ADMIN, **changes: Any) -> Any:
    """Change a shift as an admin."""
    changed = shifts.change(session, by, ChangeShift(shift_id=shift["id"], **changes))
    session.flush()
    return ShiftView.dump_one(changed)


def shift_ids_of(session: Session, person: Actor) -> list[UUID]:
    """The ids of a person's assigned shifts, latest first."""
    page: dict[str, Any] = {"from_": None, "to": None, "order": "desc", "limit": 100, "cursor": None}
    query = ListMyShifts(person_id=person.person, status=["assigned"], **page)
    return [shift.id for shift in shift_queries.own(session, person, query).items]


# --- swaps ------------------------------------------------------------------------------------------------------------


def ask_for_swap(session: Session, requester: Actor, shift: Any, colleague: Actor, exchange: Any = None) -> Any:
    """Ask a colleague to take a shift, optionally in exchange for one of the colleague's shifts."""
    exchange_id = exchange and exchange["id"]
    command = AskForSwap(shift_id=shift["id"], asked_of=colleague.person, in_exchange_id=exchange_id)
    return swaps.ask(session, requester, command)


def answer_swap(session: Session, person: Actor, swap: Any, answer: str = "accept") -> str:
    """Answer a swap; return its status."""
    answered = swaps.answer(session, person, AnswerSwap(swap_id=swap["id"], answer=answer))
    session.flush()
    return str(answered["status"])


def decide_swap(
    session: Session, shift: Any, *, by: Actor = ADMIN, decision: str = "approve", reason: Any = None
) -> Any:
    """Decide the open swap of a shift as an admin."""
    decided = swaps.decide(session, by, DecideSwap(shift_id=shift["id"], decision=decision, reason=reason))
    session.flush()
    return decided


def add_accepted_swap(session: Session, requester: Actor, colleague: Actor, exchange: Any = None, **fields: Any) -> Any:
    """Assign a shift, ask for a swap of it, and accept the swap; return the shift. Published events are cleared."""
    shift = assign_shift(session, requester, **fields)
    answer_swap(session, colleague, ask_for_swap(session, requester, shift, colleague, exchange))
    session.published.clear()
    return shift


def swap_statuses(session: Session, person: Actor) -> list[str]:
    """The statuses of the swaps that a person requested or received, newest first."""
    session.flush()
    return [row["status"] for row in swaps.own(session, person, ListMySwaps(limit=100, cursor=None)).items]


# --- tasks ------------------------------------------------------------------------------------------------------------


def give_task(session: Session, owner: Actor, *, by: Actor = ADMIN, **fields: Any) -> Any:
    """Give a routine task to its owner."""
    text = {"title": "Count the blankets", "description": None, "patient_id": None}
    given = {**text, "priority": "routine", "due_at": None, "owner_id": owner.person, **fields}
    task = tasks.give(session, by, GiveTask(**given))
    session.flush()
    return TaskView.dump_one(task)


def move_task(session: Session, owner: Actor, task: Any, *moves: str) -> Any:
    """Run these moves as the owner, for example `accept` and `start`. Give a reason to `fail` and `reject`."""
    moved = task
    for move in moves:
        fields = {"reason": "No blankets."} if move in ("fail", "reject") else {}
        moved = TaskView.dump_one(perform(getattr(tasks, move), session, owner, task_id=task["id"], **fields))
        session.flush()
    return moved


def change_task(session: Session, task: Any, *, by: Actor = ADMIN, **changes: Any) -> Any:
    """Change a task as an admin."""
    changed = tasks.change(session, by, ChangeTask(task_id=task["id"], **changes))
    session.flush()
    return TaskView.dump_one(changed)
