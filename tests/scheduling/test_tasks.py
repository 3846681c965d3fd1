"""Tasks: given by admins, moved by their owners alone, and each end told to whoever did not bring it about."""

from typing import Any

import pytest

from chassis.errors import Conflict, Invalid, MatronError, NotFound, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
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
from services.scheduling import handlers, tasks
from services.scheduling.directory import patients, staff
from tests.calls import called
from tests.events import example_of
from tests.scheduling.factories import at, heard, said, timed
from tests.scheduling.rota import ADMIN, correct, do, nurse, somebody, task

MOVES = {"accept": "accepted", "start": "in_progress", "complete": "completed", "fail": "failed", "reject": "rejected"}
WAYS: dict[str, list[str]] = {
    "requested": [],
    "accepted": ["accept"],
    "in_progress": ["accept", "start"],
    "completed": ["accept", "start", "complete"],
    "failed": ["accept", "start", "fail"],
    "rejected": ["reject"],
}
"""How a task comes to be what it is."""
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
def who(session: Session) -> Actor:
    """Somebody of the staff."""
    return nurse(session)


def refused(session: Session, kind: type[MatronError], one: Any, **changes: Any) -> str:
    """Why a change is refused."""
    with pytest.raises(kind) as refusal:
        correct(session, one, **changes)
    return refusal.value.code


@pytest.mark.parametrize("before", WAYS)
@pytest.mark.parametrize("move", MOVES)
def test_a_task_moves_only_from_the_state_before(session: Session, who: Actor, move: str, before: str) -> None:
    one, (start, code) = do(session, who, task(session, who), *WAYS[before]), FROM[move]
    if before == start:
        moved = do(session, who, one, move)
        assert (moved["status"], moved["revision"]) == (MOVES[move], len(WAYS[before]) + 2)
        return
    with pytest.raises(Conflict) as refusal:
        do(session, who, one, move)
    assert (refusal.value.code, refusal.value.facts) == (code, {"state": before})


def test_the_owner_of_a_new_task_is_told(session: Session, who: Actor) -> None:
    made = task(session, who, priority="stat")
    assert (made["status"], made["given_by"], made["revision"]) == ("requested", ADMIN.person, 1)
    facts = {"task_id": made["id"], "owner_id": who.person, "revision": 1}
    assert said(session, TaskAssigned) == [{**facts, "priority": "stat", "former_owner_id": None}]


@pytest.mark.parametrize("moves", [["accept", "start", "complete"], ["accept", "start", "fail"], ["reject"]])
def test_whoever_gave_a_task_is_told_how_it_ended(session: Session, who: Actor, moves: list[str]) -> None:
    made = task(session, who)
    ended = do(session, who, made, *moves)
    about = {"task_id": made["id"], "owner_id": who.person, "given_by": ADMIN.person}
    assert said(session, TaskClosed) == [{**about, "status": ended["status"], "revision": ended["revision"]}]


@pytest.mark.parametrize("ended", ["fail", "reject"])
def test_why_a_task_is_not_done_is_kept(session: Session, who: Actor, ended: str) -> None:
    made = do(session, who, task(session, who), *WAYS[FROM[ended][0]])
    assert do(session, who, made, ended)["status_reason"] == "No blankets."


@pytest.mark.parametrize("left", [False, True])
def test_only_staff_is_given_tasks(session: Session, who: Actor, left: bool) -> None:  # noqa: FBT001  the case
    if left:
        staff.suspend(session, heard(session, 2), user_id=who.person)
    with pytest.raises(NotFound):
        task(session, who if left else ADMIN)


@pytest.mark.parametrize(("days", "code"), [(-1, "not_in_future"), (400, "too_far_ahead")])
def test_a_task_is_due_within_a_year(session: Session, who: Actor, days: int, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        task(session, who, due_at=at(days=days))
    assert refusal.value.code == code
    assert refused(session, Invalid, task(session, who), due_at=at(days=days)) == code


@pytest.mark.parametrize("move", MOVES)
def test_nobody_moves_anothers_task(session: Session, who: Actor, move: str) -> None:
    made = do(session, who, task(session, who), *WAYS[FROM[move][0]])
    with pytest.raises(NotFound):
        do(session, nurse(session), made, move)


@pytest.mark.parametrize("move", MOVES)
def test_an_unknown_task_is_not_found(session: Session, who: Actor, move: str) -> None:
    with pytest.raises(NotFound):
        do(session, who, {"id": somebody()}, move)


@pytest.mark.parametrize("before", OPEN)
def test_a_task_is_cancelled_with_a_reason_and_its_owner_told(session: Session, who: Actor, before: str) -> None:
    made = do(session, who, task(session, who), *WAYS[before])
    assert refused(session, Invalid, made, status="cancelled") == "reason_required"
    ended = correct(session, made, status="cancelled", reason="Enough blankets.")
    assert (ended["status"], ended["status_reason"]) == ("cancelled", "Enough blankets.")
    assert [(one["owner_id"], one["status"]) for one in said(session, TaskClosed)] == [(who.person, "cancelled")]


@pytest.mark.parametrize("ended", ["completed", "failed", "rejected"])
@pytest.mark.parametrize("changes", [{"status": "cancelled", "reason": "No."}, {"title": "Count the pillows"}], ids=str)
def test_a_closed_task_does_not_change(session: Session, who: Actor, ended: str, changes: dict[str, Any]) -> None:
    made = do(session, who, task(session, who), *WAYS[ended])
    assert refused(session, Conflict, made, **changes) == "task_closed"


@pytest.mark.parametrize("before", OPEN)
def test_another_owner_has_to_accept_the_task(session: Session, who: Actor, before: str) -> None:
    other, made = nurse(session), do(session, who, task(session, who), *WAYS[before])
    session.published.clear()
    given = correct(session, made, owner_id=other.person)
    assert (given["status"], given["revision"]) == ("requested", len(WAYS[before]) + 2)
    told = [(one["owner_id"], one["former_owner_id"], one["revision"]) for one in said(session, TaskAssigned)]
    assert told == [(other.person, who.person, given["revision"])]
    with pytest.raises(NotFound):
        do(session, who, made, "accept")


def test_a_task_of_somebody_who_is_erased_stays_for_another(session: Session, who: Actor) -> None:
    made = task(session, who)
    handlers.on_user_erased(session, heard(session, 2), example_of(UserErased, user_id=who.person, reassign_to=None))
    found = tasks.listing(session, ADMIN, ListTasks(**{**ALL, "owner_id": who.person}))
    assert [(one.id, one.status) for one in found.items] == [(made["id"], "requested")]
    other = nurse(session)
    assert correct(session, made, owner_id=other.person)["owner_id"] == other.person


def test_a_task_is_not_given_to_who_is_no_staff(session: Session, who: Actor) -> None:
    assert refused(session, NotFound, task(session, who), owner_id=somebody()) == "not_found"


def test_a_corrected_task_stays_with_its_owner_as_it_is(session: Session, who: Actor) -> None:
    made = do(session, who, task(session, who, due_at=at()), "accept")
    session.published.clear()
    changed = correct(session, made, title="Count the pillows", description="All of them.", owner_id=who.person)
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
def test_the_owner_is_told_what_makes_a_task_more_or_less_urgent(
    session: Session, who: Actor, changes: dict[str, Any], names: list[str]
) -> None:
    made = do(session, who, task(session, who, due_at=at()), "accept")
    changed = correct(session, made, **timed(changes))
    facts = {"task_id": made["id"], "owner_id": who.person, "revision": 3, "changed": names}
    about = {"priority": changed["priority"], "due_at": changed["due_at"]}
    assert said(session, TaskChanged) == [{**facts, **about}]


def test_who_gets_a_task_with_another_priority_is_told_once(session: Session, who: Actor) -> None:
    made, other = task(session, who), nurse(session)
    session.published.clear()
    correct(session, made, owner_id=other.person, priority="stat")
    assert [(type(one), one.data["priority"]) for one in session.published] == [(TaskAssigned, "stat")]


def test_what_changes_nothing_is_no_change(session: Session, who: Actor) -> None:
    made = task(session, who)
    assert correct(session, made, title=made["title"], owner_id=who.person)["revision"] == 1


@pytest.mark.parametrize("fields", [{"status": "cancelled", "title": "Pillows"}, {"reason": "No."}], ids=str)
def test_a_cancelled_task_keeps_the_rest_and_a_reason_is_for_cancelling(fields: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        ChangeTask.read({"task_id": str(somebody()), **fields})


def test_a_task_that_has_changed_meanwhile_is_stale(session: Session, who: Actor) -> None:
    made = task(session, who)
    with called(session, if_match='"7"'), pytest.raises(Stale):
        correct(session, made, title="Pillows")
    with called(session, if_match='"7"'), pytest.raises(Stale):
        do(session, who, made, "accept")


def test_admins_list_tasks_by_owner_patient_and_status(session: Session, who: Actor) -> None:
    about = somebody()
    patients.admit(session, heard(session), example_of(PatientRegistered, patient_id=about))
    first, second = task(session, who), task(session, who, patient_id=about)
    do(session, who, second, "accept")
    mine = {"owner_id": who.person}
    found = [
        [one.id for one in tasks.listing(session, ADMIN, ListTasks(**{**ALL, **by})).items]
        for by in (mine, {"patient_id": about}, {**mine, "status": ["requested", "failed"]})
    ]
    assert found == [[second["id"], first["id"]], [second["id"]], [first["id"]]]


def test_one_lists_only_ones_own_tasks(session: Session, who: Actor) -> None:
    mine, other = task(session, who), nurse(session)
    theirs = task(session, other)
    asked = {name: value for name, value in ALL.items() if name != "patient_id"}
    page = tasks.own(session, who, ListMyTasks(**{**asked, "owner_id": who.person}))
    assert [one.id for one in page.items] == [mine["id"]] != [theirs["id"]]
    with pytest.raises(NotFound):
        tasks.own(session, who, ListMyTasks(**{**asked, "owner_id": other.person}))


def test_tasks_are_listed_from_either_end(session: Session, who: Actor) -> None:
    made = [task(session, who)["id"] for _ in range(3)]
    page = tasks.listing(session, ADMIN, ListTasks(**{**ALL, "owner_id": who.person, "order": "asc", "limit": 2}))
    assert [one.id for one in page.items] == made[:2]


def test_a_task_is_read_by_its_owner_and_by_admins_alone(session: Session, who: Actor) -> None:
    made = task(session, who)
    for reader in (who, ADMIN):
        assert TaskView.dump_one(tasks.get(session, reader, GetTask(task_id=made["id"]))) == made
    for reader, task_id in ((nurse(session), made["id"]), (who, somebody()), (ADMIN, somebody())):
        with pytest.raises(NotFound):
            tasks.get(session, reader, GetTask(task_id=task_id))
