"""Record conditions, and change them by new versions."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound, Stale
from chassis.persistence.database import Session
from contracts.clinical.conditions import (
    AddCondition,
    AmendCondition,
    ConditionStatus,
    ConditionView,
    EnterConditionInError,
    ResolveCondition,
)
from services.clinical.conditions import commands
from tests.calls import called
from tests.clinical.chart_factories import Chart, booked, chart, history_of
from tests.clinical.factories import registered

ONSET, END = date(2020, 5, 1), date(2021, 6, 1)


def add(session: Session, ward: Chart, **facts: Any) -> dict[str, Any]:
    command = AddCondition(patient_id=ward.patient_id, **{"text": "Asthma", **facts})
    return ConditionView.dump_one(commands.add(session, ward.doctor, command))


def resolve(session: Session, ward: Chart, condition_id: UUID, **facts: Any) -> dict[str, Any]:
    command = ResolveCondition(patient_id=ward.patient_id, condition_id=condition_id, **facts)
    return ConditionView.dump_one(commands.resolve(session, ward.doctor, command))


def amend(session: Session, ward: Chart, condition_id: UUID, **facts: Any) -> dict[str, Any]:
    changes = facts or {"text": "Asthma, mild"}
    command = AmendCondition(patient_id=ward.patient_id, condition_id=condition_id, reason="Spirometry.", **changes)
    return ConditionView.dump_one(commands.amend(session, ward.doctor, command))


def strike(session: Session, ward: Chart, condition_id: UUID) -> dict[str, Any]:
    command = EnterConditionInError(patient_id=ward.patient_id, condition_id=condition_id, reason="Wrong patient.")
    return ConditionView.dump_one(commands.enter_in_error(session, ward.doctor, command))


@pytest.fixture
def ward(session: Session) -> Chart:
    return chart(session)


def test_condition_is_active_with_its_onset(session: Session, ward: Chart) -> None:
    written = add(session, ward, code="J45.9", onset_on=ONSET)
    assert (written["status"], written["onset_on"], written["resolved_on"]) == ("active", ONSET, None)
    assert (written["code"], written["version"], written["author_id"]) == ("J45.9", 1, ward.doctor.person)


def test_resolved_condition_has_the_date_of_its_end(session: Session, ward: Chart) -> None:
    resolved = resolve(session, ward, add(session, ward, onset_on=ONSET)["id"], resolved_on=END)
    assert (resolved["status"], resolved["resolved_on"], resolved["version"]) == ("resolved", END, 2)


def test_condition_is_resolved_today_in_the_zone_of_the_hospital(
    session: Session, ward: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = add(session, ward)
    late = clock.now().replace(hour=23, minute=30)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert resolve(session, ward, known["id"])["resolved_on"] == late.date() + timedelta(days=1)


def test_resolved_condition_is_not_resolved_again(session: Session, ward: Chart) -> None:
    known = add(session, ward)
    resolve(session, ward, known["id"])
    with pytest.raises(Conflict) as refused:
        resolve(session, ward, known["id"])
    assert refused.value.code == "already_resolved"


def test_condition_is_recorded_as_resolved_in_the_past(session: Session, ward: Chart) -> None:
    facts = {"status": ConditionStatus.RESOLVED, "onset_on": ONSET, "resolved_on": END}
    assert add(session, ward, **facts)["status"] == "resolved"


def test_returning_condition_loses_the_date_of_its_end(session: Session, ward: Chart) -> None:
    known = add(session, ward)
    resolve(session, ward, known["id"], resolved_on=END)
    amended = amend(session, ward, known["id"], status=ConditionStatus.RECURRENCE)
    assert (amended["status"], amended["resolved_on"]) == ("recurrence", None)


def test_amendment_keeps_omitted_fields_and_clears_null_fields(session: Session, ward: Chart) -> None:
    known = add(session, ward, code="J45.9", onset_on=ONSET)
    amended = amend(session, ward, known["id"], text="Asthma, mild", onset_on=None)
    assert (amended["text"], amended["code"], amended["onset_on"]) == ("Asthma, mild", "J45.9", None)
    assert (amended["version"], amended["reason"]) == (2, "Spirometry.")


def test_amended_text_keeps_the_date_of_the_end(session: Session, ward: Chart) -> None:
    known = add(session, ward)
    resolve(session, ward, known["id"], resolved_on=END)
    assert amend(session, ward, known["id"])["resolved_on"] == END


@pytest.mark.parametrize(
    "facts",
    [
        {"onset_on": date(2999, 1, 1)},
        {"status": ConditionStatus.RESOLVED, "resolved_on": date(2999, 1, 1)},
        {"status": ConditionStatus.RESOLVED, "onset_on": END, "resolved_on": ONSET},
        {"status": ConditionStatus.ACTIVE, "resolved_on": END},
    ],
    ids=str,
)
def test_impossible_dates_are_refused(session: Session, ward: Chart, facts: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        add(session, ward, **facts)
    known = add(session, ward)
    with pytest.raises(Invalid):
        amend(session, ward, known["id"], **facts)


def test_end_before_the_onset_is_refused(session: Session, ward: Chart) -> None:
    known = add(session, ward, onset_on=END)
    with pytest.raises(Invalid) as refused:
        resolve(session, ward, known["id"], resolved_on=ONSET)
    assert list(refused.value.facts["errors"]) == ["resolved_on"]


def test_each_version_is_in_the_history(session: Session, ward: Chart) -> None:
    known = add(session, ward, onset_on=ONSET)
    amend(session, ward, known["id"])
    resolve(session, ward, known["id"])
    strike(session, ward, known["id"])
    statuses = [status for _version, _kind, status in history_of(session, known["id"])]
    assert statuses == ["active", "active", "resolved", "entered_in_error"]


Change = Callable[[Session, Chart, UUID], dict[str, Any]]
changes = pytest.mark.parametrize("change", [resolve, amend, strike])


@changes
def test_condition_in_error_stays_as_it_is(session: Session, ward: Chart, change: Change) -> None:
    known = add(session, ward)
    strike(session, ward, known["id"])
    with pytest.raises(Conflict) as refused:
        change(session, ward, known["id"])
    assert refused.value.code == "already_in_error"


@changes
def test_change_of_an_unseen_version_is_stale(session: Session, ward: Chart, change: Change) -> None:
    known = add(session, ward)
    amend(session, ward, known["id"])
    with called(session, if_match='"1"'), pytest.raises(Stale) as refused:
        change(session, ward, known["id"])
    assert refused.value.facts == {"revision": 2}


@changes
def test_condition_of_another_patient_is_not_found(session: Session, ward: Chart, change: Change) -> None:
    other = registered(session, family_name="Berg", email=None).id
    booked(session, ward.doctor, other)
    known = add(session, Chart(other, ward.people))
    with pytest.raises(NotFound):
        change(session, ward, known["id"])


@pytest.mark.parametrize("code", ["E11.9", "E119", "O9A.21", "Z3A.20", "J45", "S72.001A"])
def test_code_of_icd_10_is_accepted(code: str) -> None:
    assert AddCondition.read({"patient_id": str(uuid7()), "text": "x", "code": code}).code == code


@pytest.mark.parametrize("code", ["44054006", "e11.9", "E11.", "E11.9 ", "E11.9\n", ""])
def test_other_code_is_refused(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        AddCondition.read({"patient_id": str(uuid7()), "text": "x", "code": code})
    assert list(refused.value.facts["errors"]) == ["code"]


def test_condition_is_not_added_as_entered_in_error() -> None:
    with pytest.raises(Invalid):
        AddCondition.read({"patient_id": str(uuid7()), "text": "x", "status": "entered_in_error"})


def test_amendment_without_a_change_is_refused() -> None:
    with pytest.raises(Invalid):
        AmendCondition.read({"patient_id": str(uuid7()), "condition_id": str(uuid7()), "reason": "No change."})
