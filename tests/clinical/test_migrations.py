"""Migrations: old patients keep their data, get record numbers and can be found."""

from alembic import command
from sqlalchemy import inspect, text
from uuid_utils.compat import uuid7

from chassis.persistence.database import Database
from contracts.clinical.patients import GetPatient
from contracts.clinical.prescriptions import ListMyPrescriptions
from matron.migrations import _configured, differences
from services.clinical.medicines import checks
from services.clinical.patients import queries, rules
from services.clinical.prescriptions.queries import list_own
from tests.clinical.factories import desk, item, patient, searched


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


PRESCRIPTION = "INSERT INTO prescription VALUES (:id, :id, :id, 'active', 'With food.', :at)"
ITEM = "INSERT INTO prescription_item VALUES (:id, :id, 0, 'Aspirin', 100, 'mg', 'oral', 'daily', 7, 7, 0)"


def test_old_prescriptions_are_kept_and_checked_against(empty: Database) -> None:
    _to(empty, "0005")
    person = uuid7()
    row = {"id": person.hex if empty.is_sqlite else person, "at": "2026-11-01 09:00:00+00:00"}
    with empty.begin() as session:
        session.execute(text(PRESCRIPTION), row)
        session.execute(text(ITEM), row)
    _to(empty, "head")
    with empty.begin() as session:
        (written,) = list_own(session, patient(person), ListMyPrescriptions(patient_id=person)).items
        assert [each.medicine for each in written["items"]] == ["Aspirin"]
        found = checks.check(session, person, [checks.line_of(item("Warfarin"))])
        assert {each.severity for each in found.findings} == {"serious"}


def test_migrated_database_matches_the_models(database: Database) -> None:
    assert differences("clinical", database) == []
