"""Conditions that a chart and the rules of vital signs read."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from services.clinical.conditions.queries import current_conditions, is_pregnant
from services.clinical.models.conditions import Condition


def add(session: Session, **facts: Any) -> UUID:
    """Add a condition; return the id of its patient."""
    row = {"id": uuid7(), "version": 1, "patient_id": uuid7(), "author_id": uuid7(), "recorded_at": clock.now()}
    condition = Condition(**{**row, "status": "active", "text": "Pregnancy", **facts})
    session.add(condition)
    session.flush()
    return condition.patient_id


@pytest.mark.parametrize("status", ["active", "recurrence", "relapse"])
def test_present_condition_with_a_code_of_pregnancy_counts(session: Session, status: str) -> None:
    assert is_pregnant(session, add(session, status=status, code="O24.4"))


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "resolved", "code": "O24.4"},
        {"status": "entered_in_error", "code": "O24.4"},
        {"code": "O24.4", "superseded_by": 2},
        {"code": "J45.9"},
        {"code": None},
    ],
    ids=str,
)
def test_patient_is_not_pregnant_without_a_present_code(session: Session, facts: dict[str, Any]) -> None:
    assert not is_pregnant(session, add(session, **facts))


@pytest.mark.parametrize("status", ["active", "recurrence", "relapse", "inactive", "remission"])
def test_condition_is_current_until_it_is_resolved(session: Session, status: str) -> None:
    (found,) = current_conditions(session, add(session, status=status))
    assert found.status == status


@pytest.mark.parametrize(
    "facts", [{"status": "resolved"}, {"status": "entered_in_error"}, {"superseded_by": 2}], ids=str
)
def test_condition_of_the_past_is_not_current(session: Session, facts: dict[str, Any]) -> None:
    assert current_conditions(session, add(session, **facts)) == []
