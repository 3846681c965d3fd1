"""Migrations: old patients keep their data, get record numbers and can be found."""

from alembic import command
from sqlalchemy import inspect, text
from uuid_utils.compat import uuid7

from chassis.persistence.database import Database
from contracts.clinical.patients import GetPatient
from matron.migrations import _configured, differences
from services.clinical.patients import queries, rules
from tests.clinical.factories import desk, searched


def _to(database: Database, revision: str, *, back: bool = False) -> None:
    with _configured("clinical", database) as config:
        (command.downgrade if back else command.upgrade)(config, revision)


def _insert(database: Database, name: str) -> None:
    person = uuid7()
    row = {"id": person.hex if database.is_sqlite else person, "name": name, "email": f"{name[:4].strip()}@Example.org"}
    with database.begin() as session:
        session.execute(text("INSERT INTO patient VALUES (:id, :name, :email, 1)"), row)


def test_old_patients_get_record_numbers_and_are_found(empty: Database) -> None:
    _to(empty, "0001")
    for name in ("Asha Rao", "Ben Carter"):
        _insert(empty, name)
    _to(empty, "head")
    with empty.read() as session:
        (found,) = searched(session, name="rao").items
        known = queries.get(session, desk(), GetPatient(patient_id=found.id))
        assert (known.name, known.email_key, known.revision) == ("Asha Rao", "asha@example.org", 1)
        assert {row.mrn for row in searched(session).items} == {rules.mrn(1), rules.mrn(2)}
    assert differences("clinical", empty) == []


def test_demographics_migration_can_be_reversed(empty: Database) -> None:
    _to(empty, "0001")
    _insert(empty, "Asha Rao")
    _to(empty, "0002")
    _to(empty, "0001", back=True)
    columns = {column["name"]: column["nullable"] for column in inspect(empty.engine).get_columns("patient")}
    assert columns == {"id": False, "name": False, "email": False, "changed_by": False}
    with empty.read() as session:
        assert session.execute(text("SELECT name, email FROM patient")).all() == [("Asha Rao", "Asha@Example.org")]


def test_migrated_database_matches_the_models(database: Database) -> None:
    assert differences("clinical", database) == []
