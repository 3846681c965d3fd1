"""Critical limits of one patient: set by a doctor in care, ended by a new version, respected by the interpretation."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound, NotYet, Stale
from chassis.persistence.database import Session
from contracts.clinical.critical_limits import SetCriticalLimit
from contracts.clinical.history import HistoryKind
from contracts.clinical.lab_catalogue import LabFlag
from services.clinical.critical_limits import queries
from services.clinical.lab_catalogue.rules import Limits
from services.clinical.models.critical_limits import CriticalLimit
from tests.calls import called
from tests.clinical import lab_factories as lab
from tests.clinical.critical_factories import POTASSIUM, Clock, ended, limited
from tests.clinical.factories import doctor, in_care


def _in_force(session: Session, patient_id: Any) -> Any:
    query = select(CriticalLimit).where(CriticalLimit.patient_id == patient_id, queries.in_force(clock.now()))
    return {limit.test: Limits(limit.low, limit.high) for limit in session.scalars(query)}


def test_limit_is_in_force(session: Session) -> None:
    people = in_care(session)
    shown = limited(session, people)
    assert _in_force(session, people[1].person) == {POTASSIUM: Limits(None, Decimal("7.0"))}
    assert (shown["status"], shown["name"], shown["revision"]) == ("active", "Potassium", 1)


def test_limit_counts_for_its_patient_alone(session: Session) -> None:
    limited(session, in_care(session))
    assert _in_force(session, in_care(session)[1].person) == {}


def test_limit_changes_the_flag_of_a_result(session: Session) -> None:
    people = in_care(session)
    values = []
    for _ in range(2):
        order_id = lab.received(session, people)["id"]
        values.append(lab.upload(session, order_id, lab.measured(value="6.5"))["results"][0])
        if len(values) == 1:
            limited(session, people)
    assert [value["flag"] for value in values] == [LabFlag.CRITICAL_HIGH, LabFlag.NO_RANGE]


def test_doctor_without_care_is_refused(session: Session) -> None:
    _physician, person = in_care(session)
    with pytest.raises(NotYet):
        limited(session, (doctor(), person))


def test_second_limit_in_force_is_refused(session: Session) -> None:
    people = in_care(session)
    first = limited(session, people)
    with pytest.raises(Conflict) as refused:
        limited(session, people, high=Decimal("7.5"))
    assert (refused.value.code, refused.value.facts["limit_id"]) == ("critical_limit_exists", str(first["id"]))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"test": "2951-1"}, "unknown_test"),
        ({"high": Decimal(70)}, "absurd_value"),
        ({"until": timedelta(0)}, "invalid"),
        ({"until": timedelta(days=367)}, "invalid"),
    ],
)
def test_impossible_limit_is_refused(session: Session, facts: dict[str, Any], code: str) -> None:
    given = dict(facts)
    if "until" in given:
        given["until"] = clock.now() + given["until"]
    with pytest.raises(Invalid) as refused:
        limited(session, in_care(session), **given)
    assert refused.value.code == code


@pytest.mark.parametrize("bounds", [{}, {"low": 3.0, "high": 3.0}, {"low": 7.0, "high": 3.0}])
def test_contradicting_limits_are_refused(bounds: dict[str, float]) -> None:
    ids = {"patient_id": str(uuid7()), "test": POTASSIUM, "reason": "On dialysis.", "until": clock.now().isoformat()}
    with pytest.raises(Invalid) as refused:
        SetCriticalLimit.read({**ids, **bounds})
    assert list(refused.value.facts["errors"]) == ["high"]


def test_ended_limit_counts_no_longer(session: Session) -> None:
    people = in_care(session)
    shown = ended(session, people, limited(session, people)["id"])
    assert (shown["status"], shown["version"], shown["reason"]) == ("ended", 2, "Transplanted.")
    assert _in_force(session, people[1].person) == {}


def test_each_version_of_a_limit_stays(session: Session) -> None:
    people = in_care(session)
    limit_id = limited(session, people)["id"]
    ended(session, people, limit_id)
    rows = session.execute(
        select(CriticalLimit.version, CriticalLimit.superseded_by, CriticalLimit.status)
        .where(CriticalLimit.id == limit_id)
        .order_by(CriticalLimit.version)
    ).all()
    assert [tuple(row) for row in rows] == [(1, 2, "active"), (2, None, "ended")]


def test_limit_may_be_set_again_after_its_end(session: Session) -> None:
    people = in_care(session)
    ended(session, people, limited(session, people)["id"])
    limited(session, people, high=Decimal("6.5"))
    assert _in_force(session, people[1].person) == {POTASSIUM: Limits(None, Decimal("6.5"))}


def test_expired_limit_counts_no_longer(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    moved, people = Clock(monkeypatch), in_care(session)
    limit_id = limited(session, people, moved.at + timedelta(minutes=5))["id"]
    moved.pass_minutes(5)
    assert _in_force(session, people[1].person) == {}
    with pytest.raises(Conflict) as refused:
        ended(session, people, limit_id)
    assert refused.value.code == "critical_limit_over"


def test_end_of_an_unseen_version_is_refused(session: Session) -> None:
    people = in_care(session)
    limit_id = limited(session, people)["id"]
    with called(session, if_match='"7"'), pytest.raises(Stale):
        ended(session, people, limit_id)


def test_limit_of_another_patient_is_not_found(session: Session) -> None:
    limit_id = limited(session, in_care(session))["id"]
    with pytest.raises(NotFound):
        ended(session, in_care(session), limit_id)


def test_each_version_is_part_of_the_history(session: Session) -> None:
    people = in_care(session)
    ended(session, people, limited(session, people)["id"])
    rows = [values for table, values in session.appended if table.name == "history_entry"]
    found = [(row["kind"], row["version"], row["details"]["status"]) for row in rows]
    assert found == [(HistoryKind.CRITICAL_LIMIT, 1, "active"), (HistoryKind.CRITICAL_LIMIT, 2, "ended")]
