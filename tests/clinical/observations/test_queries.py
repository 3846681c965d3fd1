"""Nurses list the patients whose next vital signs are due."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis.contract import Page
from chassis.persistence.database import Session
from contracts.clinical.observations import ListObservationsDue, ObservationDueView
from contracts.clinical.patients import CorrectPatient
from services.clinical.models.care import ChartAccess
from services.clinical.observations import queries
from services.clinical.patients.commands import correct
from tests.clinical.factories import desk, erase, hours, nurse, statements
from tests.clinical.observations_factories import ended
from tests.clinical.pharmacy_factories import later, settle
from tests.clinical.vitals_factories import ILL, RED, WELL, adult, measured, withdrawn


def due(session: Session, *, limit: int = 20, cursor: str | None = None) -> Page:
    """Return a page of the list."""
    session.flush()
    return queries.listing(session, nurse(), ListObservationsDue(limit=limit, cursor=cursor))


def patients(page: Page) -> list[UUID]:
    """Return the patients of a page."""
    return [row.patient_id for row in page.items]


@pytest.mark.parametrize(
    ("values", "measured", "is_due", "is_overdue"),
    [
        (WELL, -11.9, False, False),
        (WELL, -12.1, True, False),
        (WELL, -12.3, True, True),
        ({**WELL, "pulse": 95.0}, -5.9, False, False),
        ({**WELL, "pulse": 95.0}, -6.1, True, False),
        (RED, -0.9, False, False),
        (RED, -1.3, True, True),
        (ILL, 0, True, False),
        (ILL, -0.3, True, True),
        (WELL, -35.9, True, True),
        (WELL, -36.1, False, False),
    ],
)
def test_patient_is_listed_from_the_due_time_for_a_day(
    session: Session,
    values: dict[str, Any],
    measured: float,
    is_due: bool,  # noqa: FBT001  a parameter
    is_overdue: bool,  # noqa: FBT001  a parameter
) -> None:
    person = record(session, values, measured)
    found = due(session).items
    assert [(row.patient_id, row.is_overdue) for row in found] == ([(person, is_overdue)] if is_due else [])


def record(session: Session, values: dict[str, Any], away: float) -> UUID:
    """Record a reading of a new patient, this many hours from now; return the patient."""
    person = adult(session)
    measured(session, person, measured_at=hours(away), **values)
    return person


def test_row_has_the_patient_and_the_score(session: Session) -> None:
    person = record(session, ILL, -1)
    shown = ObservationDueView.dump_one(due(session).items[0])
    assert (shown["patient_id"], shown["patient_name"], shown["birth_date"]) == (
        person,
        "Asha Rao",
        shown["birth_date"],
    )
    assert (shown["score"], shown["level"], shown["is_overdue"] is True) == (8, "emergency", True)
    assert shown["mrn"].startswith("M-")


def test_outdated_emergency_is_listed_as_overdue(session: Session) -> None:
    record(session, ILL, -20)
    assert [row.is_overdue for row in due(session).items] == [True]


def test_each_listed_patient_sees_the_reading(session: Session) -> None:
    listed = {record(session, ILL, -2), record(session, ILL, -1)}
    record(session, WELL, -1)
    due(session)
    settle(session)
    rows = session.scalars(select(ChartAccess)).all()
    assert {(row.patient_id, row.part, row.basis) for row in rows} == {(one, "vitals", "nursing") for one in listed}


def test_repeated_list_is_one_reading_an_hour(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    person, caller, seen = record(session, ILL, -1), nurse(), []
    for minutes in (0, 59, 2):
        later(monkeypatch, minutes=minutes)
        queries.listing(session, caller, ListObservationsDue(limit=20, cursor=None))
        settle(session)
        seen.append(session.scalar(select(func.count()).where(ChartAccess.patient_id == person)))
    assert seen == [1, 1, 2]


def test_patients_are_listed_page_by_page_longest_waiting_first(session: Session) -> None:
    late, early, middle = record(session, ILL, -1), record(session, ILL, -3), record(session, ILL, -2)
    one = due(session, limit=2)
    two = due(session, limit=2, cursor=one.next)
    assert (patients(one), patients(two), two.next) == ([early, middle], [late], None)


def test_later_complete_reading_ends_the_entry(session: Session) -> None:
    person = record(session, ILL, -1)
    measured(session, person)
    assert patients(due(session)) == []


def test_later_reading_without_a_level_does_not_end_the_entry(session: Session) -> None:
    person = record(session, ILL, -1)
    measured(session, person, weight_kg=70.0)
    assert patients(due(session)) == [person]


def test_reading_entered_in_error_does_not_count(session: Session) -> None:
    person = record(session, RED, -2)
    withdrawn(session, measured(session, person)["id"])
    assert patients(due(session)) == [person]
    withdrawn(session, due(session).items[0].vitals_id)
    assert patients(due(session)) == []


def test_ended_observations_start_again_with_the_next_reading(session: Session) -> None:
    person = record(session, ILL, -1)
    ended(session, person)
    assert patients(due(session)) == []
    measured(session, person, **ILL)
    assert patients(due(session)) == [person]


def test_deceased_and_erased_patients_are_not_listed(session: Session) -> None:
    deceased, erased = record(session, ILL, -1), record(session, ILL, -1)
    correct(session, desk(), CorrectPatient(patient_id=deceased, deceased_at=hours(-0.5)))
    erase(session, erased)
    assert patients(due(session)) == []


def test_two_readings_at_one_time_are_one_entry(session: Session) -> None:
    person, measured_at = adult(session), hours(-1)
    for _reading in range(2):
        measured(session, person, measured_at=measured_at, **ILL)
    assert patients(due(session)) == [person]


def test_child_is_not_listed(session: Session) -> None:
    measured(session, adult(session, birth_date=hours(-24 * 400).date()), measured_at=hours(-1), **ILL)
    assert patients(due(session)) == []


@pytest.mark.parametrize("count", [1, 4])
def test_list_takes_two_statements(session: Session, count: int) -> None:
    for _patient in range(count):
        record(session, ILL, -1)
    with statements(session) as sent:
        assert len(due(session).items) == count
    assert len(sent) == 2


def test_unknown_patient_is_not_listed(session: Session) -> None:
    assert uuid7() not in patients(due(session))
