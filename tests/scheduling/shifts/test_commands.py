"""Shifts: nobody is in two places, or works too much, and whoever is concerned is told once."""

from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.errors import Conflict, Invalid, MatronError, NotFound, Stale
from chassis.persistence.database import Session
from contracts.scheduling.shifts.commands import AssignShift, ChangeShift
from contracts.scheduling.shifts.events import ShiftAssigned, ShiftChanged
from contracts.scheduling.shifts.queries import GetShift, ListMyShifts, ListShifts
from services.scheduling.directory import staff
from services.scheduling.shifts import queries as shift_queries
from tests.calls import called
from tests.scheduling.factories import at, heard, said, timed
from tests.scheduling.rota import ADMIN, HOUR, change, nurse, shift, shifts_of, somebody

ALL: dict[str, Any] = dict.fromkeys(("person_id", "ward", "status", "from_", "to", "cursor")) | {
    "order": "desc",
    "limit": 100,
}


def told(session: Session) -> list[tuple[object, str]]:
    """Who was told of changes, and what; forgotten afterwards."""
    found = [(one["person_id"], one["status"]) for one in said(session, ShiftChanged)]
    session.published.clear()
    return found


def code_of(session: Session, kind: type[MatronError], one: Any, **changes: Any) -> str:
    """Why a change is refused."""
    with pytest.raises(kind) as refusal:
        change(session, one, **changes)
    return refusal.value.code


def test_who_is_assigned_a_shift_is_told(session: Session) -> None:
    who = nurse(session)
    made = shift(session, who)
    assert (made["status"], made["revision"]) == ("assigned", 1)
    facts = {"person_id": who.person, "starts_at": made["starts_at"], "ends_at": made["ends_at"], "revision": 1}
    assert said(session, ShiftAssigned) == [{"shift_id": made["id"], **facts}]


def test_only_staff_is_assigned_shifts(session: Session) -> None:
    with pytest.raises(NotFound):
        shift(session, somebody())


def test_who_has_left_is_assigned_no_shifts(session: Session) -> None:
    who = nurse(session)
    staff.suspend(session, heard(session, 2), user_id=who.person)
    with pytest.raises(NotFound):
        shift(session, who)


def test_two_shifts_of_a_person_do_not_overlap(session: Session) -> None:
    who = nurse(session)
    shift(session, who)
    with pytest.raises(Conflict) as refusal:
        shift(session, who, at(hour=16), 4)
    assert refusal.value.code == "shift_overlaps"


def test_a_shift_may_begin_when_another_ends_and_others_may_work_at_that_time(session: Session) -> None:
    who, other = nurse(session), nurse(session)
    first, second = shift(session, who), shift(session, who, at(hour=17), 4)
    shift(session, other)
    assert shifts_of(session, who) == [second["id"], first["id"]]


@pytest.mark.parametrize(
    ("ahead", "hours", "code"),
    [(-HOUR, 8, "not_in_future"), (400 * 24 * HOUR, 8, "too_far_ahead"), (HOUR, 16.5, "too_long")],
)
def test_a_shift_is_ahead_and_not_too_long(session: Session, ahead: timedelta, hours: float, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        shift(session, nurse(session), clock.now() + ahead, hours)
    assert refusal.value.code == code


def test_a_shift_ends_after_it_begins() -> None:
    given = {"person_id": str(somebody()), "ward": "Ward 1", "starts_at": "2026-11-23T09:00:00Z"}
    with pytest.raises(Invalid):
        AssignShift.read({**given, "ends_at": "2026-11-23T09:00:00Z"})


def test_sixty_hours_in_seven_days_are_allowed_and_no_minute_more(session: Session) -> None:
    who = nurse(session)
    for day in range(2, 6):
        shift(session, who, at(days=day), 12)
    last = shift(session, who, at(days=8, hour=6), 12)
    with pytest.raises(Conflict) as refusal:
        change(session, last, ends_at=last["ends_at"] + timedelta(minutes=1))
    assert (refusal.value.code, refusal.value.facts) == ("too_many_hours", {"hours": 60.02})


def test_a_shift_between_others_counts_with_those_before_and_those_after(session: Session) -> None:
    who = nurse(session)
    for day in (2, 3, 6, 7):
        shift(session, who, at(days=day), 12)
    with pytest.raises(Conflict) as refusal:
        shift(session, who, at(days=5), 13)
    assert refusal.value.facts == {"hours": 61.0}


def test_what_is_cancelled_or_somebody_elses_or_long_after_does_not_count(session: Session) -> None:
    who, other = nurse(session), nurse(session)
    for day in range(2, 6):
        shift(session, who, at(days=day), 12)
        shift(session, other, at(days=day), 12)
    change(session, shift(session, who, at(days=6), 12), status="cancelled")
    shift(session, who, at(days=12), 12)
    assert shift(session, who, at(days=7), 12)["status"] == "assigned"


def test_a_shift_at_another_time_is_told_to_whoever_has_it(session: Session) -> None:
    who = nurse(session)
    made = shift(session, who)
    changed = change(session, made, starts_at=made["starts_at"] + HOUR, ward="Ward 2")
    assert (changed["ward"], changed["starts_at"], changed["revision"]) == ("Ward 2", made["starts_at"] + HOUR, 2)
    assert told(session) == [(who.person, "assigned")]


def test_a_shift_of_somebody_else_now_is_told_to_both(session: Session) -> None:
    who, other = nurse(session), nurse(session)
    made = shift(session, who)
    change(session, made, person_id=other.person, starts_at=made["starts_at"] + HOUR)
    given_away = said(session, ShiftChanged)[0]
    assert (given_away["starts_at"], given_away["revision"]) == (made["starts_at"], 2)
    assert told(session) == [(who.person, "given_away"), (other.person, "assigned")]
    assert shifts_of(session, who) == []


def test_a_cancelled_shift_is_told_and_frees_the_time(session: Session) -> None:
    who = nurse(session)
    made = change(session, shift(session, who), status="cancelled")
    assert (made["status"], made["revision"]) == ("cancelled", 2)
    assert told(session) == [(who.person, "cancelled")]
    shift(session, who)


def test_a_cancelled_shift_does_not_change_any_more(session: Session) -> None:
    made = change(session, shift(session, nurse(session)), status="cancelled")
    assert code_of(session, Conflict, made, status="cancelled") == "shift_cancelled"
    assert code_of(session, Conflict, made, ward="Ward 2") == "shift_cancelled"


def test_what_changes_nothing_is_no_change(session: Session) -> None:
    made = shift(session, nurse(session))
    assert change(session, made, ward="Ward 1", person_id=made["person_id"])["revision"] == 1
    assert told(session) == []


def test_a_shift_is_not_given_to_somebody_who_works_then(session: Session) -> None:
    who, other = nurse(session), nurse(session)
    made = shift(session, who)
    shift(session, other, at(hour=12))
    assert code_of(session, Conflict, made, person_id=other.person) == "shift_overlaps"


def test_a_shift_is_not_given_to_somebody_who_is_no_staff(session: Session) -> None:
    assert code_of(session, NotFound, shift(session, nurse(session)), person_id=somebody()) == "not_found"


def test_a_shift_of_somebody_who_has_left_can_be_given_to_another(session: Session) -> None:
    who, other = nurse(session), nurse(session)
    made = shift(session, who)
    staff.suspend(session, heard(session, 2), user_id=who.person)
    assert change(session, made, person_id=other.person)["person_id"] == other.person


@pytest.mark.parametrize("changes", [{"ward": "Ward 2"}, {"status": "cancelled"}, {"ends_at": {"hour": 18}}], ids=str)
def test_a_shift_that_has_begun_stays_as_it_was(
    session: Session, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    made, asked = shift(session, nurse(session)), timed(changes)
    monkeypatch.setattr(clock, "now", lambda: made["starts_at"])
    assert code_of(session, Invalid, made, **asked) == "not_in_future"


@pytest.mark.parametrize(
    ("moved", "code"), [({"starts_at": -60 * HOUR}, "not_in_future"), ({"ends_at": -9 * HOUR}, "invalid")]
)
def test_a_shift_is_not_moved_to_a_time_that_none_could_have(
    session: Session, moved: dict[str, timedelta], code: str
) -> None:
    made = shift(session, nurse(session))
    assert code_of(session, Invalid, made, **{name: made[name] + by for name, by in moved.items()}) == code


def test_a_shift_that_somebody_else_has_changed_is_stale(session: Session) -> None:
    made = shift(session, nurse(session))
    with called(session, if_match='"7"'), pytest.raises(Stale):
        change(session, made, ward="Ward 2")


def test_an_unknown_shift_is_not_found(session: Session) -> None:
    assert code_of(session, NotFound, {"id": somebody()}, ward="Ward 2") == "not_found"


def test_a_shift_that_is_cancelled_keeps_the_rest() -> None:
    with pytest.raises(Invalid) as refusal:
        ChangeShift.read({"shift_id": str(somebody()), "status": "cancelled", "ward": "Ward 2"})
    assert list(refusal.value.facts["errors"]) == ["status"]


def test_shifts_are_listed_latest_first_page_by_page(session: Session) -> None:
    who = nurse(session)
    made = [shift(session, who, at(days=day))["id"] for day in (3, 2, 4)]
    first = shift_queries.listing(session, ADMIN, ListShifts(**{**ALL, "person_id": who.person, "limit": 2}))
    second = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": who.person, "limit": 2, "cursor": first.next})
    )
    assert [one.id for one in (*first.items, *second.items)] == [made[2], made[0], made[1]]


def test_shifts_are_listed_by_ward_and_by_when_they_begin(session: Session) -> None:
    who = nurse(session)
    made = [shift(session, who, at(days=day, hour=22)) for day in (2, 3, 4)]
    change(session, made[1], ward="Ward 7")
    day = made[1]["starts_at"].date()
    of_day = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": who.person, "from_": day, "to": day})
    )
    of_ward = shift_queries.listing(session, ADMIN, ListShifts(**{**ALL, "person_id": who.person, "ward": "Ward 7"}))
    until = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": who.person, "to": made[1]["starts_at"]})
    )
    found = [[one.id for one in page.items] for page in (of_day, of_ward, until)]
    assert found == [[made[1]["id"]], [made[1]["id"]], [made[0]["id"]]]


def test_shifts_are_listed_by_their_state(session: Session) -> None:
    who = nurse(session)
    kept, gone = shift(session, who), shift(session, who, at(days=3))
    change(session, gone, status="cancelled")
    mine = {**{name: value for name, value in ALL.items() if name != "ward"}, "person_id": who.person}
    for status, found in {
        ("assigned",): [kept],
        ("cancelled",): [gone],
        ("cancelled", "assigned"): [gone, kept],
    }.items():
        of_all = shift_queries.listing(session, ADMIN, ListShifts(**{**ALL, "person_id": who.person, "status": status}))
        own = shift_queries.own(session, who, ListMyShifts(**{**mine, "status": status}))
        assert [one.id for one in of_all.items] == [one.id for one in own.items] == [one["id"] for one in found]


def test_nobody_lists_anothers_shifts(session: Session) -> None:
    who, other = nurse(session), nurse(session)
    made, _others = shift(session, who), shift(session, other)
    assert shifts_of(session, who) == [made["id"]]
    with pytest.raises(NotFound):
        shift_queries.own(
            session, who, ListMyShifts(**{**{n: v for n, v in ALL.items() if n != "ward"}, "person_id": other.person})
        )


def test_shifts_are_listed_earliest_first_when_told_so(session: Session) -> None:
    who = nurse(session)
    made = [shift(session, who, at(days=day))["id"] for day in (3, 2, 4)]
    page = shift_queries.listing(
        session, ADMIN, ListShifts(**{**ALL, "person_id": who.person, "order": "asc", "limit": 2})
    )
    assert [one.id for one in page.items] == [made[1], made[0]]


def test_admins_read_one_shift(session: Session) -> None:
    made = shift(session, nurse(session))
    assert shift_queries.get(session, ADMIN, GetShift(shift_id=made["id"])).items() >= made.items()
    with pytest.raises(NotFound):
        shift_queries.get(session, ADMIN, GetShift(shift_id=somebody()))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"ward": "Ward 2"}, ["ward"]),
        ({"ends_at": {"hour": 18}, "ward": "Ward 2"}, ["ends_at", "ward"]),
        ({"status": "cancelled"}, []),
    ],
    ids=str,
)
def test_what_has_changed_of_a_shift_is_said(session: Session, changes: dict[str, Any], names: list[str]) -> None:
    change(session, shift(session, nurse(session)), **timed(changes))
    assert [one["changed"] for one in said(session, ShiftChanged)] == [names]
