"""Append-only rows: the guard of the ORM, the trigger of PostgreSQL, and two changes at once."""

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from contracts.clinical.care import AccessBasis, ChartPart
from services.clinical.models.care import ChartAccess


def add_access(session: Session) -> ChartAccess:
    """Add a row that is never changed."""
    facts = {"patient_id": uuid7(), "reader_id": uuid7(), "part": ChartPart.VITALS, "basis": AccessBasis.NURSING}
    row = ChartAccess(id=uuid7(), at=clock.now(), **facts)
    session.add(row)
    session.flush()
    return row


def test_row_refuses_a_changed_column(session: Session) -> None:
    row = add_access(session)
    row.part = ChartPart.LABS
    with pytest.raises(TypeError, match="append-only"):
        session.flush()


def test_row_refuses_deletion(session: Session) -> None:
    session.delete(add_access(session))
    with pytest.raises(TypeError, match="never deleted"):
        session.flush()


@pytest.mark.parametrize("statement", [update(ChartAccess).values(part="labs"), delete(ChartAccess)], ids=str)
def test_bulk_statement_is_refused(session: Session, statement: object) -> None:
    with pytest.raises(TypeError, match="append-only"):
        session.execute(statement)  # type: ignore[call-overload]  # both are statements


@pytest.mark.parametrize("statement", ["UPDATE chart_access SET part = 'labs'", "DELETE FROM chart_access"])
def test_trigger_refuses_sql_on_postgresql(session: Session, statement: str) -> None:
    row_id = add_access(session).id
    if not session.is_postgresql:
        pytest.skip("SQLite has the guard of the ORM alone")
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))
    assert session.get_one(ChartAccess, row_id, populate_existing=True).part == ChartPart.VITALS
