"""Tasks: admins give and change tasks, owners move tasks. Events name the changes."""

from typing import Any
from uuid import UUID

import pytest

from chassis.errors import Conflict, Invalid, MatronError, NotFound, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.patients import PatientRegistered
from contracts.scheduling.tasks import (
    ChangeTask,
    GetTask,
    ListMyTasks,
    ListTasks,
    TaskAssigned,
    TaskChanged,
    TaskClosed,
    TaskView,
)
from services.scheduling import tasks
from services.scheduling.directory import patients
from tests.calls import called
from tests.events import example_of
from tests.scheduling.departures import erase_user, suspend_staff
from tests.scheduling.factories import at, deliver, published, resolve_times
from tests.scheduling.staff_factories import ADMIN, add_nurse, change_task, give_task, move_task, unknown_id

MOVES = {"accept": "accepted", "start": "in_progress", "complete": "completed", "fail": "failed", "reject": "rejected"}
STEPS_TO: dict[str, list[str]] = {
    "requested": [],
    "accepted": ["accept"],
    "in_progress": ["accept", "start"],
    "completed": ["accept", "start", "complete"],
    "failed": ["accept", "start", "fail"],
    "rejected": ["reject"],
}
"""The moves that lead to each status."""
FROM = {
    "accept": ("requested", "task_not_requested"),
    "reject": ("requested", "task_not_requested"),
    "start": ("accepted", "task_not_accepted"),
    "complete": ("in_progress", "task_not_in_progress"),
    "fail": ("in_progress", "task_not_in_progress"),
}
OPEN = ("requested", "accepted", "in_progress")
ALL: dict[str, Any] = dict.fromkeys(("owner_id", "patient_id", "status", "cursor")) | {"order": "desc", "limit": 9}


@pytest.fixture
def owner(session: Session) -> Actor:
    """A nurse who owns the tasks."""
    return add_nurse(session)


def refusal_of(session: Session, kind: type[MatronError], task: Any, **changes: Any) -> str:
    """Change a task that must be refused; return the code."""
    with pytest.raises(kind) as refusal:
        change_task(session, task, **changes)
    return refusal.value.code


@pytest.mark.parametrize("before", STEPS_TO)
@pytest.mark.parametrize("move", MOVES)
def test_move_is_allowed_only_from_its_own_status(session: Session, owner: Actor, move: str, before: str) -> None:
    task, (start, code) = move_task(session, owner, give_task(session, owner), *STEPS_TO[before]), FROM[move]
    if before == start:
        moved = move_task(session, owner, task, move)
        assert (moved["status"], moved["revision"]) == (MOVES[move], len(STEPS_TO[before]) + 2)
        return
    with pytest.raises(Conflict) as refusal:
        move_task(session, owner, task, move)
    assert (refusal.value.code, refusal.value.facts) == (code, {"state": before})


def test_assigned_event_names_the_owner_of_a_new_task(session: Session, owner: Actor) -> None:
    task = give_task(session, owner, priority="stat")
    assert (task["status"], task["given_by"], task["revision"]) == ("requested", ADMIN.person, 1)
    facts = {"task_id": task["id"], "owner_id": owner.person, "revision": 1}
    assert published(session, TaskAssigned) == [{**facts, "priority": "stat", "former_owner_id": None}]


@pytest.mark.parametrize("moves", [["accept", "start", "complete"], ["accept", "start", "fail"], ["reject"]])
def test_closed_event_names_the_admin_who_gave_the_task(session: Session, owner: Actor, moves: list[str]) -> None:
    task = give_task(session, owner)
    ended = move_task(session, owner, task, *moves)
    about = {"task_id": task["id"], "owner_id": owner.person, "given_by": ADMIN.person}
    assert published(session, TaskClosed) == [{**about, "status": ended["status"], "revision": ended["revision"]}]


@pytest.mark.parametrize("ended", ["fail", "reject"])
def test_reason_is_stored_when_a_task_fails_or_is_rejected(session: Session, owner: Actor, ended: str) -> None:
    task = move_task(session, owner, give_task(session, owner), *STEPS_TO[FROM[ended][0]])
    assert move_task(session, owner, task, ended)["status_reason"] == "No blankets."


@pytest.mark.parametrize("left", [False, True])
def test_giving_is_refused_when_the_owner_is_no_staff(session: Session, owner: Actor, left: bool) -> None:  # noqa: FBT001  the case
    if left:
        suspend_staff(session, owner)
    with pytest.raises(NotFound):
        give_task(session, owner if left else ADMIN)


@pytest.mark.parametrize(("days", "code"), [(-1, "not_in_future"), (400, "too_far_ahead")])
def test_task_is_refused_when_it_is_due_out_of_range(session: Session, owner: Actor, days: int, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        give_task(session, owner, due_at=at(days=days))
    assert refusal.value.code == code
    assert refusal_of(session, Invalid, give_task(session, owner), due_at=at(days=days)) == code


@pytest.mark.parametrize("move", MOVES)
def test_move_is_refused_to_other_staff(session: Session, owner: Actor, move: str) -> None:
    task = move_task(session, owner, give_task(session, owner), *STEPS_TO[FROM[move][0]])
    with pytest.raises(NotFound):
        move_task(session, add_nurse(session), task, move)


@pytest.mark.parametrize("move", MOVES)
def test_move_is_refused_when_the_task_is_unknown(session: Session, owner: Actor, move: str) -> None:
    with pytest.raises(NotFound):
        move_task(session, owner, {"id": unknown_id()}, move)


@pytest.mark.parametrize("before", OPEN)
def test_cancelling_requires_a_reason_and_publishes_the_event(session: Session, owner: Actor, before: str) -> None:
    task = move_task(session, owner, give_task(session, owner), *STEPS_TO[before])
    assert refusal_of(session, Invalid, task, status="cancelled") == "reason_required"
    ended = change_task(session, task, status="cancelled", reason="Enough blankets.")
    assert (ended["status"], ended["status_reason"]) == ("cancelled", "Enough blankets.")
    assert [(event["owner_id"], event["status"]) for event in published(session, TaskClosed)] == [
        (owner.person, "cancelled")
    ]


@pytest.mark.parametrize("ended", ["completed", "failed", "rejected"])
@pytest.mark.parametrize("changes", [{"status": "cancelled", "reason": "No."}, {"title": "Count the pillows"}], ids=str)
def test_change_is_refused_when_the_task_is_closed(
    session: Session, owner: Actor, ended: str, changes: dict[str, Any]
) -> None:
    task = move_task(session, owner, give_task(session, owner), *STEPS_TO[ended])
    assert refusal_of(session, Conflict, task, **changes) == "task_closed"


@pytest.mark.parametrize("before", OPEN)
def test_task_is_requested_again_when_its_owner_changes(session: Session, owner: Actor, before: str) -> None:
    other, task = add_nurse(session), move_task(session, owner, give_task(session, owner), *STEPS_TO[before])
    task = change_task(session, task, owner_id=other.person)
    assert (task["status"], task["revision"]) == ("requested", len(STEPS_TO[before]) + 2)


def test_assigned_event_names_the_former_owner(session: Session, owner: Actor) -> None:
    other, task = add_nurse(session), give_task(session, owner)
    session.published.clear()
    change_task(session, task, owner_id=other.person)
    [event] = published(session, TaskAssigned)
    assert (event["owner_id"], event["former_owner_id"], event["revision"]) == (other.person, owner.person, 2)


@pytest.mark.parametrize("before", OPEN)
def test_move_is_refused_to_the_former_owner(session: Session, owner: Actor, before: str) -> None:
    task = move_task(session, owner, give_task(session, owner), *STEPS_TO[before])
    change_task(session, task, owner_id=add_nurse(session).person)
    with pytest.raises(NotFound) as refusal:
        move_task(session, owner, task, "accept")
    assert refusal.value.detail == "There is no such task."


def test_task_stays_for_another_owner_when_its_owner_is_erased(session: Session, owner: Actor) -> None:
    task = give_task(session, owner)
    erase_user(session, owner)
    found = tasks.listing(session, ADMIN, ListTasks(**{**ALL, "owner_id": owner.person}))
    assert [(row.id, row.status) for row in found.items] == [(task["id"], "requested")]
    other = add_nurse(session)
    assert change_task(session, task, owner_id=other.person)["owner_id"] == other.person


def test_change_is_refused_when_the_new_owner_is_unknown(session: Session, owner: Actor) -> None:
    assert refusal_of(session, NotFound, give_task(session, owner), owner_id=unknown_id()) == "not_found"


def test_task_keeps_its_status_when_its_text_changes(session: Session, owner: Actor) -> None:
    task = move_task(session, owner, give_task(session, owner, due_at=at()), "accept")
    session.published.clear()
    changed = change_task(session, task, title="Count the pillows", description="All of them.", owner_id=owner.person)
    assert (changed["title"], changed["description"]) == ("Count the pillows", "All of them.")
    assert (changed["status"], changed["revision"], session.published) == ("accepted", 3, [])


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"priority": "stat"}, ["priority"]),
        ({"due_at": None}, ["due_at"]),
        ({"due_at": {"days": 5}, "priority": "stat", "title": "Pillows"}, ["due_at", "priority"]),
    ],
    ids=str,
)
def test_changed_event_names_a_new_priority_or_due_time(
    session: Session, owner: Actor, changes: dict[str, Any], names: list[str]
) -> None:
    task = move_task(session, owner, give_task(session, owner, due_at=at()), "accept")
    changed = change_task(session, task, **resolve_times(changes))
    facts = {"task_id": task["id"], "owner_id": owner.person, "revision": 3, "changed": names}
    about = {"priority": changed["priority"], "due_at": changed["due_at"]}
    assert published(session, TaskChanged) == [{**facts, **about}]


def test_assigned_event_is_the_only_event_when_owner_and_priority_change(session: Session, owner: Actor) -> None:
    task, other = give_task(session, owner), add_nurse(session)
    session.published.clear()
    change_task(session, task, owner_id=other.person, priority="stat")
    assert [(type(event), event.data["priority"]) for event in session.published] == [(TaskAssigned, "stat")]


def test_change_to_the_same_facts_keeps_the_revision(session: Session, owner: Actor) -> None:
    task = give_task(session, owner)
    assert change_task(session, task, title=task["title"], owner_id=owner.person)["revision"] == 1


@pytest.mark.parametrize("fields", [{"status": "cancelled", "title": "Pillows"}, {"reason": "No."}], ids=str)
def test_change_is_refused_when_its_fields_contradict_each_other(fields: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        ChangeTask.read({"task_id": str(unknown_id()), **fields})


def test_change_is_refused_when_the_revision_is_stale(session: Session, owner: Actor) -> None:
    task = give_task(session, owner)
    with called(session, if_match='"7"'), pytest.raises(Stale) as refusal:
        change_task(session, task, title="Pillows")
    assert refusal.value.facts == {"revision": 1}


def test_move_is_refused_when_the_revision_is_stale(session: Session, owner: Actor) -> None:
    task = give_task(session, owner)
    with called(session, if_match='"7"'), pytest.raises(Stale) as refusal:
        move_task(session, owner, task, "accept")
    assert refusal.value.facts == {"revision": 1}


def test_tasks_are_filtered_by_owner_patient_and_status(session: Session, owner: Actor) -> None:
    about = unknown_id()
    deliver(session, patients.on_patient_registered, example_of(PatientRegistered, patient_id=about))
    first, second = give_task(session, owner), give_task(session, owner, patient_id=about)
    move_task(session, owner, second, "accept")
    own_task = {"owner_id": owner.person}
    found = [
        [row.id for row in tasks.listing(session, ADMIN, ListTasks(**{**ALL, **by})).items]
        for by in (own_task, {"patient_id": about}, {**own_task, "status": ["requested", "failed"]})
    ]
    assert found == [[second["id"], first["id"]], [second["id"]], [first["id"]]]


def own_task_ids(session: Session, caller: Actor, owner: Actor) -> list[UUID]:
    """The ids in the list of an owner's tasks."""
    filters = {name: value for name, value in ALL.items() if name != "patient_id"}
    return [row.id for row in tasks.own(session, caller, ListMyTasks(**{**filters, "owner_id": owner.person})).items]


def test_own_tasks_exclude_tasks_of_other_people(session: Session, owner: Actor) -> None:
    own_task, _other = give_task(session, owner), give_task(session, add_nurse(session))
    assert own_task_ids(session, owner, owner) == [own_task["id"]]


def test_own_tasks_are_refused_for_another_person(session: Session, owner: Actor) -> None:
    with pytest.raises(NotFound):
        own_task_ids(session, owner, add_nurse(session))


def test_tasks_are_listed_oldest_first_when_asked(session: Session, owner: Actor) -> None:
    ids = [give_task(session, owner)["id"] for _ in range(3)]
    page = tasks.listing(session, ADMIN, ListTasks(**{**ALL, "owner_id": owner.person, "order": "asc", "limit": 2}))
    assert [row.id for row in page.items] == ids[:2]


def test_task_is_read_only_by_its_owner_and_admins(session: Session, owner: Actor) -> None:
    task = give_task(session, owner)
    for reader in (owner, ADMIN):
        assert TaskView.dump_one(tasks.get(session, reader, GetTask(task_id=task["id"]))) == task
    for reader, task_id in ((add_nurse(session), task["id"]), (owner, unknown_id()), (ADMIN, unknown_id())):
        with pytest.raises(NotFound):
            tasks.get(session, reader, GetTask(task_id=task_id))
