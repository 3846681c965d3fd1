"""The right to write conditions, by role and relation to the patient."""

from typing import Any

import pytest

from chassis.contract import Command
from chassis.persistence.database import Session
from contracts.clinical.conditions import AddCondition, AmendCondition, EnterConditionInError, ResolveCondition
from services.clinical.conditions import commands
from tests.clinical.chart_factories import IN_CARE, chart, expected, outcomes

CHANGES = [
    (ResolveCondition, commands.resolve, {}),
    (AmendCondition, commands.amend, {"text": "Asthma, mild"}),
    (EnterConditionInError, commands.enter_in_error, {}),
]


def test_only_doctors_in_care_record_conditions(session: Session) -> None:
    found = outcomes(session, chart(session), AddCondition, commands.add, lambda: {"text": "Asthma"})
    assert found == expected(*IN_CARE)


@pytest.mark.parametrize(("command", "use_case", "facts"), CHANGES, ids=lambda one: getattr(one, "__name__", ""))
def test_only_doctors_in_care_change_conditions(
    session: Session, command: type[Command], use_case: Any, facts: dict[str, Any]
) -> None:
    ward = chart(session)

    def fields() -> dict[str, Any]:
        added = commands.add(session, ward.doctor, AddCondition(patient_id=ward.patient_id, text="Asthma"))
        return {"condition_id": added["id"], "reason": "Spirometry.", **facts}

    assert outcomes(session, ward, command, use_case, fields) == expected(*IN_CARE)
