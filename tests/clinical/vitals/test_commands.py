"""Nurses record vital signs, and mark readings as entered in error."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound, NotYet, Stale
from chassis.persistence.database import Session
from contracts.clinical.vitals import RecordVitals, VitalsEnteredInError, VitalsRecorded, VitalsView
from services.clinical.models.vitals import Vitals
from services.clinical.vitals import commands
from tests.calls import called
from tests.clinical.factories import doctor, hours, in_care, nurse, opened_account, patient, published, registered
from tests.clinical.vitals_factories import (
    ILL,
    WELL,
    adult,
    alarms,
    entries,
    listed,
    measured,
    on_scale,
    pregnant,
    withdrawn,
)


def read(**fields: Any) -> RecordVitals:
    """Return the command of a request's body."""
    return RecordVitals.read({"patient_id": str(uuid7()), **fields})


def errors(**fields: Any) -> dict[str, Any]:
    """Return the fields that are refused in a request's body."""
    with pytest.raises(Invalid) as refused:
        read(**fields)
    return dict(refused.value.facts["errors"])


def test_reading_is_shown_with_its_values_and_score(session: Session) -> None:
    author = nurse()
    shown = VitalsView.dump_one(measured(session, adult(session), by=author, **WELL, weight_kg=71.5))
    assert {name: shown[name] for name in WELL} == WELL
    assert (shown["weight_kg"], shown["pain"], shown["status"], shown["version"]) == (71.5, None, "final", 1)
    assert (shown["author_id"], shown["abnormal"]) == (str(author.person), [])
    assert shown["news2"] == {
        "score": 0,
        "level": "low",
        "status": "complete",
        "missing": [],
        "scale": 1,
        "next_due_at": shown["news2"]["next_due_at"],
    }


def test_next_reading_is_due_by_the_time_of_measurement(session: Session) -> None:
    measured_at = hours(-2)
    found = measured(session, adult(session), measured_at=measured_at)
    assert found["news2"]["next_due_at"] == measured_at + timedelta(hours=12)


def test_reading_without_a_time_was_measured_now(session: Session) -> None:
    found = measured(session, adult(session))
    assert abs(found["measured_at"] - clock.now()) < timedelta(minutes=1)


def test_fraction_is_kept_as_it_was_entered(session: Session) -> None:
    person = adult(session)
    measured(session, person, temperature=38.05, spo2=91.5)
    session.expunge_all()
    (found,) = listed(session, nurse(), person)
    assert (found["temperature"], found["spo2"]) == (38.05, 91.5)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ({"systolic": 19}, {"systolic": 301}),
        ({"diastolic": -1}, {"diastolic": 251}),
        ({"pulse": -1}, {"pulse": 301}),
        ({"respiration": -1}, {"respiration": 101}),
        ({"temperature": 19.9}, {"temperature": 45.1}),
        ({"spo2": -1}, {"spo2": 100.1}),
        ({"weight_kg": 0}, {"weight_kg": 701}),
        ({"height_cm": 14}, {"height_cm": 281}),
        ({"pain": -1}, {"pain": 11}),
        ({"consciousness": "X"}, {"on_oxygen": "maybe"}),
    ],
    ids=str,
)
def test_impossible_value_is_refused_by_its_field(low: dict[str, Any], high: dict[str, Any]) -> None:
    assert (set(errors(**low)), set(errors(**high))) == (set(low), set(high))


@pytest.mark.parametrize("systolic", [80, 79])
def test_systolic_pressure_must_be_above_diastolic(systolic: float) -> None:
    assert set(errors(systolic=systolic, diastolic=80)) == {"systolic"}


@pytest.mark.parametrize("fields", [{}, {"pulse": None}, {"measured_at": "2026-11-23T09:00:00Z"}], ids=str)
def test_reading_needs_at_least_one_value(fields: dict[str, Any]) -> None:
    assert errors(**fields) == {"_schema": ["Give at least one value."]}


@pytest.mark.parametrize("name", ["on_oxygen", "pain"])
def test_zero_and_false_are_values(name: str) -> None:
    assert getattr(read(**{name: 0}), name) == 0


@pytest.mark.parametrize("away", [timedelta(minutes=6), timedelta(days=-91)], ids=str)
def test_time_of_measurement_must_be_recent(session: Session, away: timedelta) -> None:
    person = adult(session)
    with pytest.raises(Invalid) as refused:
        measured(session, person, measured_at=clock.now() + away)
    assert set(refused.value.facts["errors"]) == {"measured_at"}


def test_clock_may_be_a_few_minutes_ahead(session: Session) -> None:
    assert measured(session, adult(session), measured_at=clock.now() + timedelta(minutes=4))["version"] == 1


def test_event_has_no_values(session: Session) -> None:
    person = adult(session)
    found = measured(session, person, **ILL)
    names = {"vitals_id": found["id"], "patient_id": person, "measured_at": found["measured_at"]}
    (event,) = published(session, VitalsRecorded)
    assert event == {**names, "level": "emergency", "next_due_at": found["measured_at"]}


def test_history_has_the_values(session: Session) -> None:
    person, author = adult(session), nurse()
    measured(session, person, by=author, pulse=120, spo2=95)
    (entry,) = entries(session, person)
    assert (entry.kind, entry.title, entry.author_id) == ("vitals", "Vital signs", author.person)
    assert {name: entry.details[name] for name in ("pulse", "spo2")} == {"pulse": 120, "spo2": 95}
    assert "systolic" not in entry.details
    assert entry.details["abnormal"] == ["pulse", "spo2"]


def test_unknown_patient_is_not_found(session: Session) -> None:
    with pytest.raises(NotYet):
        measured(session, uuid7())


def test_treating_doctor_does_not_record_vitals(session: Session) -> None:
    physician, person = in_care(session)
    with pytest.raises(NotFound):
        measured(session, person.person, by=physician)


def test_patient_does_not_record_own_vitals(session: Session) -> None:
    person = adult(session)
    with pytest.raises(NotFound):
        measured(session, person, by=patient(person))


def test_scale_2_follows_the_oxygen_target(session: Session) -> None:
    physician, person = in_care(session)
    registered_id = opened_account(session, person.person).id
    before = measured(session, registered_id, spo2=90)
    on_scale(session, physician, registered_id)
    after = measured(session, registered_id, spo2=90)
    assert (before["news2"]["scale"], before["abnormal"]) == (1, ["spo2"])
    assert (after["news2"]["scale"], after["abnormal"]) == (2, [])


def test_child_has_no_score_and_ranges_of_children(session: Session) -> None:
    birth_date = clock.now().date() - timedelta(days=2 * 365)
    found = measured(session, registered(session, birth_date=birth_date).id, **{**ILL, "pulse": 119.0})
    assert (found["news2"]["status"], found["news2"]["score"], found["news2"]["level"]) == (
        "not_applicable",
        None,
        None,
    )
    assert "pulse" not in found["abnormal"]
    assert alarms(session) == []


def test_pregnant_patient_has_no_score(session: Session) -> None:
    person = adult(session)
    pregnant(session, person)
    assert measured(session, person, **ILL)["news2"] == {
        "score": None,
        "level": None,
        "status": "not_applicable",
        "missing": [],
        "scale": None,
        "next_due_at": None,
    }


def test_patient_of_unknown_age_has_a_marked_score(session: Session) -> None:
    person = opened_account(session, uuid7()).id
    news2 = measured(session, person)["news2"]
    assert (news2["score"], news2["status"]) == (0, "age_unknown")


def test_wrong_reading_stays_with_reason_and_author(session: Session) -> None:
    person, author = adult(session), nurse()
    first = measured(session, person, **ILL)
    marked = withdrawn(session, first["id"], by=author)
    assert (marked["version"], marked["revision"], marked["status"]) == (2, 2, "entered_in_error")
    assert (marked["author_id"], marked["reason"]) == (author.person, "Another patient's monitor.")
    assert {name: marked[name] for name in ILL} == ILL
    assert [one["status"] for one in listed(session, nurse(), person)] == ["entered_in_error"]
    assert published(session, VitalsEnteredInError) == [{"vitals_id": first["id"], "patient_id": person}]


def test_history_shows_both_versions(session: Session) -> None:
    person = adult(session)
    withdrawn(session, measured(session, person)["id"])
    found = [(one.version, one.title) for one in entries(session, person)]
    assert found == [(1, "Vital signs"), (2, "Vital signs, entered in error")]


def test_reading_is_entered_in_error_only_once(session: Session) -> None:
    found = measured(session, adult(session))
    withdrawn(session, found["id"])
    with pytest.raises(Conflict) as refused:
        withdrawn(session, found["id"])
    assert refused.value.code == "already_in_error"


def test_stale_reading_is_not_entered_in_error(session: Session) -> None:
    found = measured(session, adult(session))
    with called(session, if_match='"7"'), pytest.raises(Stale):
        withdrawn(session, found["id"])


def test_unknown_reading_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        withdrawn(session, uuid7())


def test_doctor_does_not_enter_readings_in_error(session: Session) -> None:
    found = measured(session, adult(session))
    with pytest.raises(NotFound):
        withdrawn(session, found["id"], by=doctor())


def test_reading_refuses_changes_in_the_orm(session: Session) -> None:
    measured(session, adult(session))
    row = session.scalars(select(Vitals)).one()
    row.pulse = 60.0
    with pytest.raises(TypeError, match="append-only"):
        session.flush()


@pytest.mark.parametrize("statement", [update(Vitals).values(pulse=60), delete(Vitals)], ids=str)
def test_reading_refuses_bulk_statements(session: Session, statement: Any) -> None:
    with pytest.raises(TypeError, match="append-only"):
        session.execute(statement)


@pytest.mark.parametrize("table", ["vitals", "oxygen_target"])
def test_trigger_of_postgresql_refuses_changes(session: Session, table: str) -> None:
    if not session.is_postgresql:
        pytest.skip("SQLite has the guard of the ORM alone")
    physician, person = in_care(session)
    measured(session, opened_account(session, person.person).id)
    on_scale(session, physician, person.person)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(f"UPDATE {table} SET patient_id = author_id"))  # noqa: S608  names of this test
    assert session.scalars(select(Vitals.patient_id)).all() == [person.person]


def test_time_is_checked_before_anything_is_written(session: Session) -> None:
    with pytest.raises(Invalid):
        commands.record(
            session, nurse(), RecordVitals(patient_id=adult(session), pulse=70.0, measured_at=hours(24 * 91 * -1))
        )
    assert session.scalars(select(Vitals)).all() == []
