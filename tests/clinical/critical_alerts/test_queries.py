"""Lists of alerts: a doctor's own with values, and all for admins without."""

from typing import Any

import pytest

from chassis.errors import MatronError
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import AccessBasis
from contracts.clinical.critical_alerts import (
    CriticalAlertStatus,
    CriticalAlertView,
    ListCriticalAlerts,
    ListMyCriticalAlerts,
)
from services.clinical.critical_alerts import commands, queries
from services.clinical.models.care import ChartAccess
from tests.clinical.critical_factories import acknowledge, assigned, critical, raised
from tests.clinical.factories import doctor, in_care, opened_account, patient, statements


def _own(session: Session, physician: Actor, **fields: Any) -> list[Any]:
    query = ListMyCriticalAlerts(doctor_id=physician.person, **{"limit": 20, "cursor": None, **fields})
    return queries.list_own(session, physician, query).items


def _all(session: Session, status: CriticalAlertStatus = CriticalAlertStatus.OPEN) -> list[Any]:
    return queries.list_all(session, doctor(), ListCriticalAlerts(status=status, limit=20, cursor=None)).items


def test_doctor_lists_ordered_results_and_treated_patients(session: Session) -> None:
    people = in_care(session)
    other, stranger = assigned(session, people[1]), doctor()
    alert = raised(session, people)
    found = [[row.id for row in _own(session, one)] for one in (people[0], other, stranger)]
    assert found == [[alert.id], [alert.id], []]


def test_list_of_a_doctor_names_patient_and_value(session: Session) -> None:
    people = in_care(session)
    opened_account(session, people[1].person)
    raised(session, people)
    shown = CriticalAlertView.dump_one(_own(session, people[0])[0])
    facts = {name: shown[name] for name in ("patient_name", "name", "value", "unit", "flag", "step")}
    assert facts == {
        "patient_name": "Asha Rao",
        "name": "Potassium",
        "value": 6.8,
        "unit": "mmol/L",
        "flag": "critical_high",
        "step": "ordering_doctor",
    }


def test_acknowledged_alert_leaves_the_list(session: Session) -> None:
    people = in_care(session)
    alert = raised(session, people)
    acknowledge(session, people[0], alert.result_id)
    assert _own(session, people[0]) == []
    assert [row.id for row in _all(session, CriticalAlertStatus.ACKNOWLEDGED)] == [alert.id]


def test_list_of_another_doctor_is_refused(session: Session) -> None:
    with pytest.raises(MatronError):
        queries.list_own(session, doctor(), ListMyCriticalAlerts(doctor_id=doctor().person, limit=20, cursor=None))


def test_reading_of_each_patient_is_recorded_with_its_basis(session: Session) -> None:
    people = in_care(session)
    raised(session, people)
    raised(session, people)
    before = patient()
    commands.raise_alert(session, critical(people[0], before))
    session.flush()
    _own(session, people[0])
    add_events(session)
    found = {(row.patient_id, row.basis) for row in session.query(ChartAccess)}
    assert found == {(people[1].person, AccessBasis.APPOINTMENT), (before.person, AccessBasis.ORDERED)}
    assert session.query(ChartAccess).count() == 2


def test_list_costs_two_statements_for_any_number_of_rows(session: Session) -> None:
    people = in_care(session)
    counts = []
    for number in (1, 10):
        for _ in range(number):
            raised(session, people)
        with statements(session) as sent:
            _own(session, people[0])
        counts.append(len(sent))
    assert counts == [2, 2]


def test_admins_see_no_value(session: Session) -> None:
    alert = raised(session)
    (row,) = _all(session)
    assert row.id == alert.id
    assert not {"value", "flag", "test", "name"} & set(row._fields)
