"""Allergies that a chart and the checks of medicines read."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from services.clinical.allergies.queries import current_allergies
from services.clinical.models.allergies import Allergy

STATEMENT = {"no_known_allergies": True, "substance": None, "certainty": None}


def add(session: Session, **facts: Any) -> UUID:
    """Add an allergy; return the id of its patient."""
    row = {"id": uuid7(), "version": 1, "patient_id": uuid7(), "author_id": uuid7(), "recorded_at": clock.now()}
    allergy = {"status": "active", "no_known_allergies": False, "substance": "penicillin", "certainty": "confirmed"}
    written = Allergy(**{**row, **allergy, **facts})
    session.add(written)
    session.flush()
    return written.patient_id


@pytest.mark.parametrize("certainty", ["unconfirmed", "presumed", "confirmed"])
def test_allergy_that_is_not_refuted_counts(session: Session, certainty: str) -> None:
    found = current_allergies(session, add(session, certainty=certainty))
    assert [one.substance for one in found.allergies] == ["penicillin"]
    assert not found.no_known_allergies


@pytest.mark.parametrize(
    "facts", [{"certainty": "refuted"}, {"status": "entered_in_error"}, {"superseded_by": 2}], ids=str
)
def test_allergy_that_does_not_count_leaves_them_unknown(session: Session, facts: dict[str, Any]) -> None:
    found = current_allergies(session, add(session, **facts))
    assert (found.allergies, found.no_known_allergies) == ([], False)


def test_statement_says_that_there_are_none(session: Session) -> None:
    found = current_allergies(session, add(session, **STATEMENT))
    assert (found.allergies, found.no_known_allergies) == ([], True)


@pytest.mark.parametrize("status", ["superseded", "entered_in_error"])
def test_withdrawn_statement_leaves_allergies_unknown(session: Session, status: str) -> None:
    assert not current_allergies(session, add(session, **STATEMENT, status=status)).no_known_allergies
