"""Doctors and nurses are notified of patients who deteriorate."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from services.clinical.models.care import Assignment, BreakGlass
from tests.clinical.factories import hours, in_care, opened_account, patient
from tests.clinical.vitals_factories import ILL, RED, WELL, adult, alarms, employed, measured, on_shift, withdrawn


@pytest.mark.parametrize(
    ("values", "level", "score"),
    [
        (RED, "red_parameter", 3),
        ({**RED, "pulse": 120.0}, "urgent", 5),
        (ILL, "emergency", 8),
        ({"spo2": 80.0}, "red_parameter", None),
    ],
    ids=str,
)
def test_level_above_low_is_published(session: Session, values: dict[str, Any], level: str, score: int | None) -> None:
    person = adult(session)
    found = measured(session, person, **values)
    (event,) = alarms(session)
    assert (event["vitals_id"], event["patient_id"]) == (found["id"], person)
    assert (event["level"], event["score"], event["next_due_at"]) == (level, score, found["news2"]["next_due_at"])
    assert set(event) == {
        "vitals_id",
        "patient_id",
        "measured_at",
        "level",
        "score",
        "next_due_at",
        "recipient_ids",
    }


@pytest.mark.parametrize("values", [WELL, {**WELL, "on_oxygen": True, "pulse": 120.0}, {"pulse": 120.0}], ids=str)
def test_low_level_is_not_published(session: Session, values: dict[str, Any]) -> None:
    measured(session, adult(session), **values)
    assert alarms(session) == []


def test_each_reading_is_published_once(session: Session) -> None:
    person = adult(session)
    readings = [measured(session, person, measured_at=hours(away), **ILL)["id"] for away in (-2, -1)]
    assert [one["vitals_id"] for one in alarms(session)] == readings


def test_late_entry_of_an_earlier_reading_is_not_published(session: Session) -> None:
    person = adult(session)
    measured(session, person)
    measured(session, person, measured_at=hours(-1), **ILL)
    assert alarms(session) == []


@pytest.mark.parametrize(("away", "published"), [(-11.9, 1), (-12.1, 0)])
def test_outdated_reading_is_recorded_but_not_published(session: Session, away: float, published: int) -> None:
    found = measured(session, adult(session), measured_at=hours(away), **ILL)
    assert (found["news2"]["level"], len(alarms(session))) == ("emergency", published)


def test_later_reading_entered_in_error_hides_nothing(session: Session) -> None:
    person = adult(session)
    withdrawn(session, measured(session, person)["id"])
    measured(session, person, measured_at=hours(-1), **ILL)
    assert len(alarms(session)) == 1


def test_treating_doctors_and_nurses_on_shift_are_notified(session: Session) -> None:
    physician, person = in_care(session)
    opened_account(session, person.person)
    working, resting = employed(session), employed(session)
    on_shift(session, working)
    on_shift(session, resting, starts=1)
    measured(session, person.person, **ILL)
    assert set(alarms(session)[0]["recipient_ids"]) == {physician.person, working}


def test_all_nurses_are_notified_when_none_is_on_shift(session: Session) -> None:
    nurses = {employed(session), employed(session)}
    measured(session, adult(session), **ILL)
    assert set(alarms(session)[0]["recipient_ids"]) == nurses


def test_assigned_and_emergency_doctors_are_notified(session: Session) -> None:
    person, assigned, former, opened, closed = adult(session), uuid7(), uuid7(), uuid7(), uuid7()
    facts = {"patient_id": person, "assigned_by": uuid7(), "assigned_at": clock.now()}
    session.add(Assignment(id=uuid7(), doctor_id=assigned, **facts))
    session.add(Assignment(id=uuid7(), doctor_id=former, ended_at=clock.now(), ended_by=uuid7(), **facts))
    for doctor_id, until in ((opened, hours(1)), (closed, hours(-1))):
        row = {"id": uuid7(), "doctor_id": doctor_id, "patient_id": person, "reason": "unconscious"}
        session.add(BreakGlass(**row, opened_at=hours(-2), until=until))
    session.flush()
    measured(session, person, **ILL)
    assert set(alarms(session)[0]["recipient_ids"]) == {assigned, opened}


def test_doctor_whose_visit_is_ahead_is_not_notified(session: Session) -> None:
    _physician, person = in_care(session, starts=2)
    measured(session, opened_account(session, person.person).id, **ILL)
    assert alarms(session)[0]["recipient_ids"] == []


def test_doctor_who_treats_twice_is_named_once(session: Session) -> None:
    physician, person = in_care(session)
    facts = {"patient_id": person.person, "assigned_by": patient().person, "assigned_at": clock.now()}
    session.add(Assignment(id=uuid7(), doctor_id=physician.person, **facts))
    measured(session, opened_account(session, person.person).id, **ILL)
    assert alarms(session)[0]["recipient_ids"] == [physician.person]
