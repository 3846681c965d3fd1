"""Assigning, changing and cancelling shifts: overlaps, limits of hours, and events."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Invalid, MatronError, NotFound, Stale
from chassis.persistence.database import Session
from contracts.scheduling.shifts.commands import AssignShift, ChangeShift
from contracts.scheduling.shifts.events import ShiftAssigned, ShiftChanged
from tests.calls import called
from tests.scheduling.departures import suspend_staff
from tests.scheduling.factories import at, published, resolve_times
from tests.scheduling.staff_factories import (
    HOUR,
    add_nurse,
    assign_shift,
    change_shift,
    shift_ids_of,
    unknown_id,
)


def take_changed_events(session: Session) -> list[tuple[object, str]]:
    """Person and status of each changed event. The published events are cleared."""
    found = [(event["person_id"], event["status"]) for event in published(session, ShiftChanged)]
    session.published.clear()
    return found


def code_of(session: Session, kind: type[MatronError], shift: Any, **changes: Any) -> str:
    """Change a shift that must be refused; return the code."""
    with pytest.raises(kind) as refusal:
        change_shift(session, shift, **changes)
    return refusal.value.code


def test_assigning_publishes_the_shift(session: Session) -> None:
    nurse = add_nurse(session)
    shift = assign_shift(session, nurse)
    assert (shift["status"], shift["revision"]) == ("assigned", 1)
    facts = {"person_id": nurse.person, "starts_at": shift["starts_at"], "ends_at": shift["ends_at"], "revision": 1}
    assert published(session, ShiftAssigned) == [{"shift_id": shift["id"], **facts}]


def test_assigning_is_refused_when_the_person_is_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        assign_shift(session, unknown_id())


def test_assigning_is_refused_when_the_person_has_left(session: Session) -> None:
    nurse = add_nurse(session)
    suspend_staff(session, nurse)
    with pytest.raises(NotFound):
        assign_shift(session, nurse)


def test_assigning_is_refused_when_the_person_has_an_overlapping_shift(session: Session) -> None:
    nurse = add_nurse(session)
    assign_shift(session, nurse)
    with pytest.raises(Conflict) as refusal:
        assign_shift(session, nurse, at(hour=16), 4)
    assert refusal.value.code == "shift_overlaps"


def test_assigning_is_allowed_when_shifts_only_touch(session: Session) -> None:
    nurse, other_nurse = add_nurse(session), add_nurse(session)
    first, second = assign_shift(session, nurse), assign_shift(session, nurse, at(hour=17), 4)
    assign_shift(session, other_nurse)
    assert shift_ids_of(session, nurse) == [second["id"], first["id"]]


@pytest.mark.parametrize(
    ("ahead", "hours", "code"),
    [(-HOUR, 8, "not_in_future"), (400 * 24 * HOUR, 8, "too_far_ahead"), (HOUR, 16.5, "too_long")],
)
def test_assigning_is_refused_when_past_too_far_ahead_or_too_long(
    session: Session, ahead: timedelta, hours: float, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        assign_shift(session, add_nurse(session), clock.now() + ahead, hours)
    assert refusal.value.code == code


def test_assigning_is_refused_when_the_shift_ends_at_its_start() -> None:
    given = {"person_id": str(unknown_id()), "ward": "Ward 1", "starts_at": "2026-11-23T09:00:00Z"}
    with pytest.raises(Invalid):
        AssignShift.read({**given, "ends_at": "2026-11-23T09:00:00Z"})


def test_shift_is_refused_when_it_exceeds_sixty_hours_by_a_minute(session: Session) -> None:
    nurse = add_nurse(session)
    for day in range(2, 6):
        assign_shift(session, nurse, at(days=day), 12)
    last = assign_shift(session, nurse, at(days=8, hour=6), 12)
    with pytest.raises(Conflict) as refusal:
        change_shift(session, last, ends_at=last["ends_at"] + timedelta(minutes=1))
    assert (refusal.value.code, refusal.value.facts) == ("too_many_hours", {"hours": 60.02})


def test_hours_count_shifts_before_and_after_the_new_shift(session: Session) -> None:
    nurse = add_nurse(session)
    for day in (2, 3, 6, 7):
        assign_shift(session, nurse, at(days=day), 12)
    with pytest.raises(Conflict) as refusal:
        assign_shift(session, nurse, at(days=5), 13)
    assert refusal.value.facts == {"hours": 61.0}


def test_hours_do_not_count_cancelled_foreign_or_distant_shifts(session: Session) -> None:
    nurse, other_nurse = add_nurse(session), add_nurse(session)
    for day in range(2, 6):
        assign_shift(session, nurse, at(days=day), 12)
        assign_shift(session, other_nurse, at(days=day), 12)
    change_shift(session, assign_shift(session, nurse, at(days=6), 12), status="cancelled")
    assign_shift(session, nurse, at(days=12), 12)
    assert assign_shift(session, nurse, at(days=7), 12)["status"] == "assigned"


def test_changing_the_time_publishes_the_shift_to_its_person(session: Session) -> None:
    nurse = add_nurse(session)
    shift = assign_shift(session, nurse)
    changed = change_shift(session, shift, starts_at=shift["starts_at"] + HOUR, ward="Ward 2")
    assert (changed["ward"], changed["starts_at"], changed["revision"]) == ("Ward 2", shift["starts_at"] + HOUR, 2)
    assert take_changed_events(session) == [(nurse.person, "assigned")]


def test_changing_the_person_publishes_the_shift_to_both_people(session: Session) -> None:
    nurse, other_nurse = add_nurse(session), add_nurse(session)
    shift = assign_shift(session, nurse)
    change_shift(session, shift, person_id=other_nurse.person, starts_at=shift["starts_at"] + HOUR)
    given_away = published(session, ShiftChanged)[0]
    assert (given_away["starts_at"], given_away["revision"]) == (shift["starts_at"], 2)
    assert take_changed_events(session) == [(nurse.person, "given_away"), (other_nurse.person, "assigned")]
    assert shift_ids_of(session, nurse) == []


def test_cancelling_publishes_the_shift_and_frees_its_time(session: Session) -> None:
    nurse = add_nurse(session)
    shift = change_shift(session, assign_shift(session, nurse), status="cancelled")
    assert (shift["status"], shift["revision"]) == ("cancelled", 2)
    assert take_changed_events(session) == [(nurse.person, "cancelled")]
    assign_shift(session, nurse)


def test_changing_is_refused_when_the_shift_is_cancelled(session: Session) -> None:
    shift = change_shift(session, assign_shift(session, add_nurse(session)), status="cancelled")
    assert code_of(session, Conflict, shift, status="cancelled") == "shift_cancelled"
    assert code_of(session, Conflict, shift, ward="Ward 2") == "shift_cancelled"


def test_changing_to_the_same_facts_publishes_nothing(session: Session) -> None:
    shift = assign_shift(session, add_nurse(session))
    assert change_shift(session, shift, ward="Ward 1", person_id=shift["person_id"])["revision"] == 1
    assert take_changed_events(session) == []


def test_changing_the_person_is_refused_when_the_person_works_then(session: Session) -> None:
    nurse, other_nurse = add_nurse(session), add_nurse(session)
    shift = assign_shift(session, nurse)
    assign_shift(session, other_nurse, at(hour=12))
    assert code_of(session, Conflict, shift, person_id=other_nurse.person) == "shift_overlaps"


def test_changing_the_person_is_refused_when_the_person_is_unknown(session: Session) -> None:
    assert code_of(session, NotFound, assign_shift(session, add_nurse(session)), person_id=unknown_id()) == "not_found"


def test_changing_the_person_is_allowed_when_the_former_person_has_left(session: Session) -> None:
    nurse, other_nurse = add_nurse(session), add_nurse(session)
    shift = assign_shift(session, nurse)
    suspend_staff(session, nurse)
    assert change_shift(session, shift, person_id=other_nurse.person)["person_id"] == other_nurse.person


@pytest.mark.parametrize("changes", [{"ward": "Ward 2"}, {"status": "cancelled"}, {"ends_at": {"hour": 18}}], ids=str)
def test_changing_is_refused_when_the_shift_has_begun(
    session: Session, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    shift, facts = assign_shift(session, add_nurse(session)), resolve_times(changes)
    monkeypatch.setattr(clock, "now", lambda: shift["starts_at"])
    assert code_of(session, Invalid, shift, **facts) == "not_in_future"


@pytest.mark.parametrize(
    ("moved", "code"), [({"starts_at": -60 * HOUR}, "not_in_future"), ({"ends_at": -9 * HOUR}, "invalid")]
)
def test_changing_the_time_is_refused_when_the_time_is_invalid(
    session: Session, moved: dict[str, timedelta], code: str
) -> None:
    shift = assign_shift(session, add_nurse(session))
    assert code_of(session, Invalid, shift, **{name: shift[name] + by for name, by in moved.items()}) == code


def test_changing_is_refused_when_the_revision_is_stale(session: Session) -> None:
    shift = assign_shift(session, add_nurse(session))
    with called(session, if_match='"7"'), pytest.raises(Stale):
        change_shift(session, shift, ward="Ward 2")


def test_changing_is_refused_when_the_shift_is_unknown(session: Session) -> None:
    assert code_of(session, NotFound, {"id": unknown_id()}, ward="Ward 2") == "not_found"


def test_cancelling_is_refused_together_with_other_changes() -> None:
    with pytest.raises(Invalid) as refusal:
        ChangeShift.read({"shift_id": str(unknown_id()), "status": "cancelled", "ward": "Ward 2"})
    assert list(refusal.value.facts["errors"]) == ["status"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"ward": "Ward 2"}, ["ward"]),
        ({"ends_at": {"hour": 18}, "ward": "Ward 2"}, ["ends_at", "ward"]),
        ({"status": "cancelled"}, []),
    ],
    ids=str,
)
def test_changed_event_names_the_changed_facts(session: Session, changes: dict[str, Any], names: list[str]) -> None:
    change_shift(session, assign_shift(session, add_nurse(session)), **resolve_times(changes))
    assert [event["changed"] for event in published(session, ShiftChanged)] == [names]
