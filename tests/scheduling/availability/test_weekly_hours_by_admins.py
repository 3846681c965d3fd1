"""Access of admins and the desk to weekly hours and times off."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.contract import Command
from chassis.errors import NotFound, NotYet
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import audit
from contracts.scheduling.appointments.events import AppointmentDisplaced
from contracts.scheduling.availability import (
    EndTimeOff,
    GetSchedule,
    ListAbsences,
    ListTimeOff,
    SetSchedule,
    TakeTimeOff,
)
from services.scheduling.availability import time_off, weekly_hours
from tests.scheduling.concurrency import in_transaction
from tests.scheduling.factories import (
    Hours,
    add_doctor,
    at,
    book,
    changes_of,
    make_patient,
    make_user,
    published,
    status_of,
)
from tests.scheduling.service_client import DONE, Answer, ask
from tests.scheduling.time_off_steps import PRIVATE_REASON, take_time_off

ADMIN, RECEPTIONIST = make_user("admin"), make_user("receptionist")
MONDAY = {"weekday": 0, "from": "09:00", "to": "12:00", "slot_minutes": 30}
LISTED: dict[str, Any] = {"limit": 20, "cursor": None}


def morning_off() -> dict[str, Any]:
    """Fields of a time off on the morning of the day after tomorrow."""
    return {"starts_at": at(hour=8), "ends_at": at(hour=12), "reason": PRIVATE_REASON}


CHANGES: dict[type[Command], Callable[[], dict[str, Any]]] = {
    SetSchedule: lambda: {"rules": [MONDAY]},
    TakeTimeOff: morning_off,
}


@pytest.fixture
def stored_doctor(fresh_database: Database) -> Actor:
    """A stored doctor with hours."""
    doctor: Actor = in_transaction(fresh_database, add_doctor)
    return doctor


def test_hours_are_set_by_an_admin_and_shown_to_the_desk(session: Session) -> None:
    doctor = add_doctor(session)
    weekly_hours.set_schedule(
        session, ADMIN, SetSchedule(doctor_id=doctor.person, rules=[Hours(2, time(10), time(12)).view()])
    )
    for caller in (doctor, ADMIN, RECEPTIONIST):
        [rule] = weekly_hours.get_schedule(session, caller, GetSchedule(doctor_id=doctor.person)).rules
        assert (rule.weekday, rule.from_) == (2, time(10))


def test_time_off_taken_by_an_admin_displaces_visits(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    taken = take_time_off(session, ADMIN, doctor_id=doctor.person, displace=True)
    session.flush()
    assert (taken["displaced"], status_of(session, visit["id"])) == ([visit["id"]], "displaced")


def test_displaced_event_names_the_doctor_and_history_names_the_admin(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    take_time_off(session, ADMIN, doctor_id=doctor.person, reason=PRIVATE_REASON, displace=True)
    [event] = published(session, AppointmentDisplaced)
    assert (event["appointment_id"], event["doctor_id"]) == (visit["id"], doctor.person)
    assert changes_of(session, visit)[-1] == (2, "displaced", ADMIN.id)
    assert PRIVATE_REASON not in str(session.published)


def test_time_off_given_by_an_admin_is_ended_by_doctor_or_admin(session: Session) -> None:
    doctor = add_doctor(session)
    for caller in (doctor, ADMIN):
        given = take_time_off(session, ADMIN, doctor_id=doctor.person)
        [row] = time_off.listing(session, doctor, ListTimeOff(doctor_id=doctor.person, **LISTED)).items
        assert row.id == given["id"]
        time_off.end(session, caller, EndTimeOff(doctor_id=doctor.person, time_off_id=given["id"]))
    assert time_off.listing(session, ADMIN, ListTimeOff(doctor_id=doctor.person, **LISTED)).items == []


def test_absences_show_the_desk_the_times_and_no_reason(fresh_database: Database, stored_doctor: Actor) -> None:
    ask(fresh_database, stored_doctor, TakeTimeOff, {"doctor_id": stored_doctor.person, **morning_off()})
    answer = ask(fresh_database, RECEPTIONIST, ListAbsences, {"doctor_id": stored_doctor.person})
    [row] = answer.reply["items"]
    assert (row["starts_at"], row["ends_at"]) == (at(hour=8), at(hour=12))
    assert PRIVATE_REASON not in str(answer.reply)


def test_availability_is_refused_when_the_role_is_missing(fresh_database: Database, stored_doctor: Actor) -> None:
    owner = {"doctor_id": stored_doctor.person}
    requests: list[tuple[Actor, type[Command], dict[str, Any]]] = [
        *((RECEPTIONIST, contract, fields()) for contract, fields in CHANGES.items()),
        (RECEPTIONIST, ListTimeOff, {}),
        (RECEPTIONIST, EndTimeOff, {"time_off_id": uuid7()}),
        (stored_doctor, ListAbsences, {}),
        (make_patient(), GetSchedule, {}),
    ]
    codes = [ask(fresh_database, doctor, contract, {**owner, **fields}).code for doctor, contract, fields in requests]
    assert codes == ["role_missing"] * len(requests)


@pytest.mark.parametrize("contract", CHANGES, ids=lambda doctor: doctor.__name__)
def test_audit_names_the_admin_and_the_doctor(
    fresh_database: Database, stored_doctor: Actor, contract: type[Command]
) -> None:
    answer = ask(fresh_database, ADMIN, contract, {"doctor_id": stored_doctor.person, **CHANGES[contract]()})
    [row] = audit_rows(fresh_database, contract)
    assert (answer.code, row.actor_id, row.record_id) == (DONE, ADMIN.id, stored_doctor.person)
    assert row.details == ({"time_off_id": answer.reply["id"]} if "id" in answer.reply else None)


def audit_rows(database: Database, contract: type[Command]) -> list[Any]:
    """The audit rows of a command."""
    with database.read() as session:
        return list(session.execute(select(audit).where(audit.c.action == contract.method())))


def test_audit_names_the_doctor_whose_time_off_ended(fresh_database: Database, stored_doctor: Actor) -> None:
    owner = {"doctor_id": stored_doctor.person}
    taken = ask(fresh_database, stored_doctor, TakeTimeOff, {**owner, **morning_off()}).reply["id"]
    ask(fresh_database, ADMIN, EndTimeOff, {**owner, "time_off_id": taken})
    [row] = audit_rows(fresh_database, EndTimeOff)
    assert (row.actor_id, row.record_id, row.details) == (ADMIN.id, stored_doctor.person, {"time_off_id": taken})


def test_hours_are_refused_as_stale_when_the_doctor_changed_them(
    fresh_database: Database, stored_doctor: Actor
) -> None:
    owner = {"doctor_id": stored_doctor.person}
    revision = ask(fresh_database, ADMIN, GetSchedule, owner).reply["revision"]

    def set_by(doctor: Actor) -> Answer:
        return ask(fresh_database, doctor, SetSchedule, {**owner, "rules": [MONDAY]}, if_match=f'"{revision}"')

    assert [set_by(stored_doctor).code, set_by(ADMIN).code] == [DONE, "stale"]


@pytest.mark.parametrize("caller", [ADMIN, RECEPTIONIST], ids=["admin", "desk"])
def test_unknown_doctor_is_answered_with_not_yet(session: Session, caller: Actor) -> None:
    with pytest.raises(NotYet):
        weekly_hours.get_schedule(session, caller, GetSchedule(doctor_id=uuid7()))
    with pytest.raises(NotYet):
        time_off.absences(session, caller, ListAbsences(doctor_id=uuid7(), **LISTED))


def test_ending_is_refused_when_the_time_off_is_another_doctors(session: Session) -> None:
    doctor, other = add_doctor(session), add_doctor(session)
    taken = take_time_off(session, doctor)
    with pytest.raises(NotFound):
        time_off.end(session, ADMIN, EndTimeOff(doctor_id=other.person, time_off_id=taken["id"]))
