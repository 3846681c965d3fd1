"""Rows of the laboratory: append-only results, and at most one result of a test that counts."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.persistence.database import Session
from services.clinical.models.labs import LabResult
from tests.clinical import lab_factories as lab


def _result(session: Session) -> LabResult:
    _, result_id = lab.resulted(session)
    session.flush()
    return session.get_one(LabResult, (result_id, 1))


def test_result_refuses_a_changed_value(session: Session) -> None:
    _result(session).comment = "Another comment."
    with pytest.raises(TypeError, match="append-only"):
        session.flush()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE lab_result SET unit = 'g/L'", "DELETE FROM lab_result", "DELETE FROM specimen", "DELETE FROM lab_step"],
)
def test_trigger_protects_rows_of_the_laboratory(session: Session, statement: str) -> None:
    _result(session)
    if not session.is_postgresql:
        pytest.skip("SQLite has the guard of the ORM alone")
    if "lab_step" in statement:
        session.execute(session.appended[0][0].insert(), [session.appended[0][1]])
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


def test_test_has_one_result_that_counts(session: Session) -> None:
    first = _result(session)
    columns = {column.key: getattr(first, column.key) for column in LabResult.__table__.c}
    second = LabResult(**{**columns, "version": 2})
    with pytest.raises(DBAPIError), session.begin_nested():
        session.insert(second)
    assert session.get(LabResult, (first.id, 2)) is None


def test_value_keeps_its_digits(session: Session) -> None:
    order_id = lab.received(session)["id"]
    result_id = lab.upload(session, order_id, lab.measured(value="4.0"))["results"][0]["id"]
    session.expire_all()
    assert str(session.get_one(LabResult, (result_id, 1)).value) == "4.0"
