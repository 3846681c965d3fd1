"""Lists of conditions, and all versions of a condition."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.conditions import (
    AddCondition,
    ConditionWithVersionsView,
    GetCondition,
    ListConditions,
    ResolveCondition,
)
from services.clinical.conditions import commands, queries
from services.clinical.models.care import ChartAccess
from tests.clinical.chart_factories import IN_CARE, Chart, chart, expected, outcomes


@pytest.fixture
def ward(session: Session) -> Chart:
    return chart(session)


def add(session: Session, ward: Chart, text: str = "Asthma") -> UUID:
    added: Any = commands.add(session, ward.doctor, AddCondition(patient_id=ward.patient_id, text=text))["id"]
    return UUID(str(added))


def test_list_has_current_versions_newest_first(session: Session, ward: Chart) -> None:
    resolved, _other = add(session, ward), add(session, ward, "Diabetes")
    commands.resolve(session, ward.doctor, ResolveCondition(patient_id=ward.patient_id, condition_id=resolved))
    page = queries.list_of_patient(session, ward.nurse, ListConditions(patient_id=ward.patient_id))
    assert [(one.text, one.status) for one in page.items] == [("Diabetes", "active"), ("Asthma", "resolved")]


def test_all_versions_are_shown_oldest_first(session: Session, ward: Chart) -> None:
    condition_id = add(session, ward)
    commands.resolve(session, ward.doctor, ResolveCondition(patient_id=ward.patient_id, condition_id=condition_id))
    query = GetCondition(patient_id=ward.patient_id, condition_id=condition_id)
    shown = ConditionWithVersionsView.dump_one(queries.get(session, ward.doctor, query))
    assert (shown["version"], [one["status"] for one in shown["versions"]]) == (2, ["active", "resolved"])


def test_each_reading_is_recorded_for_the_patient(session: Session, ward: Chart) -> None:
    queries.list_of_patient(session, ward.nurse, ListConditions(patient_id=ward.patient_id))
    add_events(session)
    row = session.scalars(select(ChartAccess)).one()
    assert (row.reader_id, row.part, row.basis) == (ward.nurse.person, "conditions", "nursing")


@pytest.mark.parametrize("query", [ListConditions, GetCondition])
def test_reading_runs_in_a_transaction_that_records_it(query: type[Any]) -> None:
    assert query.audited


def test_doctors_in_care_and_nurses_read_conditions(session: Session, ward: Chart) -> None:
    assert outcomes(session, ward, ListConditions, queries.list_of_patient, dict) == expected(*IN_CARE, "nurse")


def test_doctors_in_care_and_nurses_read_versions(session: Session, ward: Chart) -> None:
    facts = {"condition_id": add(session, ward)}
    assert outcomes(session, ward, GetCondition, queries.get, lambda: facts) == expected(*IN_CARE, "nurse")
