"""Copies of shifts: the nurses who work now."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.scheduling.shifts.events import ShiftChanged
from services.clinical.directory import shifts
from tests.clinical.factories import heard, hours
from tests.clinical.vitals_factories import employed, on_shift
from tests.events import example_of


def change(session: Session, shift_id: UUID, person_id: UUID, **facts: Any) -> None:
    """Deliver a change of a running shift."""
    given = {"starts_at": hours(-1), "ends_at": hours(7), "status": "assigned", "revision": 2, **facts}
    event = example_of(ShiftChanged, shift_id=shift_id, person_id=person_id, **given)
    shifts.on_shift_changed(session, heard(session, "shift_changed"), event)


@pytest.mark.parametrize(("starts", "ends", "works"), [(-1, 7, True), (1, 9, False), (-9, -1, False), (-1, 0, False)])
def test_nurse_works_during_the_shift(session: Session, starts: float, ends: float, works: bool) -> None:  # noqa: FBT001  a parameter
    nurse = employed(session)
    on_shift(session, nurse, starts=starts, ends=ends)
    assert shifts.nurses_on_shift(session) == ([nurse] if works else [])


def test_other_staff_on_shift_are_no_nurses(session: Session) -> None:
    on_shift(session, employed(session, role="receptionist"))
    assert shifts.nurses_on_shift(session) == []


def test_cancelled_shift_does_not_count(session: Session) -> None:
    nurse = employed(session)
    change(session, on_shift(session, nurse), nurse, status="cancelled")
    assert shifts.nurses_on_shift(session) == []


@pytest.mark.parametrize("present_first", [True, False])
def test_swapped_shift_belongs_to_the_new_person(session: Session, present_first: bool) -> None:  # noqa: FBT001  a parameter
    former, present = employed(session), employed(session)
    shift_id = on_shift(session, former)
    events = [(present, "assigned"), (former, "given_away")]
    for person_id, status in events if present_first else events[::-1]:
        change(session, shift_id, person_id, status=status)
    assert shifts.nurses_on_shift(session) == [present]


def test_older_event_changes_nothing(session: Session) -> None:
    nurse, shift_id = employed(session), uuid7()
    change(session, shift_id, nurse, revision=3)
    change(session, shift_id, nurse, revision=2, status="cancelled")
    assert shifts.nurses_on_shift(session) == [nurse]


def test_nurse_with_two_running_shifts_is_named_once(session: Session) -> None:
    nurse = employed(session)
    on_shift(session, nurse)
    on_shift(session, nurse)
    assert shifts.nurses_on_shift(session) == [nurse]
