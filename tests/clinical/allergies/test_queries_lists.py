"""Lists of allergies, and all versions of an allergy."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.allergies import (
    AddAllergy,
    AllergyWithVersionsView,
    EnterAllergyInError,
    GetAllergy,
    ListAllergies,
)
from services.clinical.allergies import commands, queries
from services.clinical.models.care import ChartAccess
from tests.clinical.chart_factories import IN_CARE, Chart, chart, expected, outcomes

READERS = (*IN_CARE, "nurse", "pharmacist")


@pytest.fixture
def ward(session: Session) -> Chart:
    return chart(session)


def add(session: Session, ward: Chart, **facts: Any) -> UUID:
    command = AddAllergy(patient_id=ward.patient_id, **facts or {"substance": "penicillin"})
    allergy_id: Any = commands.add(session, ward.doctor, command)["id"]
    return UUID(str(allergy_id))


def test_list_has_allergies_and_statements_newest_first(session: Session, ward: Chart) -> None:
    add(session, ward, no_known_allergies=True)
    add(session, ward, substance="latex")
    page = queries.list_of_patient(session, ward.nurse, ListAllergies(patient_id=ward.patient_id))
    assert [(one.substance, one.status) for one in page.items] == [("latex", "active"), (None, "superseded")]


def test_all_versions_are_shown_oldest_first(session: Session, ward: Chart) -> None:
    allergy_id = add(session, ward)
    command = EnterAllergyInError(patient_id=ward.patient_id, allergy_id=allergy_id, reason="Wrong patient.")
    commands.enter_in_error(session, ward.doctor, command)
    query = GetAllergy(patient_id=ward.patient_id, allergy_id=allergy_id)
    shown = AllergyWithVersionsView.dump_one(queries.get(session, ward.doctor, query))
    assert (shown["version"], [one["status"] for one in shown["versions"]]) == (2, ["active", "entered_in_error"])


def test_reading_of_a_pharmacist_is_recorded_for_the_patient(session: Session, ward: Chart) -> None:
    queries.list_of_patient(session, ward.people["pharmacist"], ListAllergies(patient_id=ward.patient_id))
    add_events(session)
    row = session.scalars(select(ChartAccess)).one()
    assert (row.reader_id, row.part, row.basis) == (ward.people["pharmacist"].person, "allergies", "pharmacy")


@pytest.mark.parametrize("query", [ListAllergies, GetAllergy])
def test_reading_runs_in_a_transaction_that_records_it(query: type[Any]) -> None:
    assert query.audited


def test_doctors_in_care_nurses_and_pharmacists_read_allergies(session: Session, ward: Chart) -> None:
    found = outcomes(session, ward, ListAllergies, queries.list_of_patient, dict)
    assert found == expected(*READERS)


def test_doctors_in_care_nurses_and_pharmacists_read_versions(session: Session, ward: Chart) -> None:
    facts = {"allergy_id": add(session, ward)}
    assert outcomes(session, ward, GetAllergy, queries.get, lambda: facts) == expected(*READERS)
