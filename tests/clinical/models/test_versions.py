"""Versions of records are append-only: the guard of the ORM, and the trigger of PostgreSQL."""

from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from services.clinical.models.allergies import Allergy
from services.clinical.models.append_only import supersede
from services.clinical.models.conditions import Condition
from services.clinical.models.records import ClinicalRecord

NOUNS: dict[type[Any], dict[str, Any]] = {
    ClinicalRecord: {"kind": "diagnosis", "status": "final", "text": "Asthma"},
    Allergy: {"status": "active", "no_known_allergies": False, "substance": "latex"},
    Condition: {"status": "active", "text": "Asthma"},
}
nouns = pytest.mark.parametrize("model", NOUNS, ids=lambda model: model.__name__)
statements = pytest.mark.parametrize(
    "statement", ["UPDATE {} SET status = 'gone'", "UPDATE {} SET reason = 'gone'", "DELETE FROM {}"]
)


def add(session: Session, model: type[Any]) -> Any:
    ids = {"id": uuid7(), "patient_id": uuid7(), "author_id": uuid7()}
    row = model(version=1, recorded_at=clock.now(), **ids, **NOUNS[model])
    session.add(row)
    session.flush()
    return row


@nouns
def test_version_learns_its_successor(session: Session, model: type[Any]) -> None:
    row = add(session, model)
    supersede(session, row)
    session.refresh(row)
    assert (row.superseded_by, row.version) == (2, 1)


@nouns
def test_version_refuses_a_changed_column(session: Session, model: type[Any]) -> None:
    add(session, model).status = "gone"
    with pytest.raises(TypeError, match="append-only"):
        session.flush()


@nouns
def test_version_refuses_deletion(session: Session, model: type[Any]) -> None:
    session.delete(add(session, model))
    with pytest.raises(TypeError, match="never deleted"):
        session.flush()


@nouns
def test_bulk_statement_is_refused(session: Session, model: type[Any]) -> None:
    add(session, model)
    for statement in (update(model).values(status="gone"), delete(model)):
        with pytest.raises(TypeError, match="append-only"):
            session.execute(statement)


@nouns
@statements
def test_trigger_refuses_sql_on_postgresql(session: Session, model: type[Any], statement: str) -> None:
    row = add(session, model)
    if not session.is_postgresql:
        pytest.skip("SQLite has the guard of the ORM alone")
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement.format(model.__tablename__)))
    session.refresh(row)
    assert (row.status, row.reason) == (NOUNS[model]["status"], None)
