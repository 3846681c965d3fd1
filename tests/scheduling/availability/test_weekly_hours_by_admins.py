"""Weekly hours and times off of doctors in the hands of others: admins set them, and the desk sees them."""

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
from tests.scheduling.asking import DONE, Answer, ask
from tests.scheduling.availability.test_time_off import SECRET, status_of, take
from tests.scheduling.factories import Hours, at, book, doctor, history, in_transaction, patient, said

ADMIN, RECEPTIONIST = patient(None, "admin"), patient(None, "receptionist")
MONDAY = {"weekday": 0, "from": "09:00", "to": "12:00", "slot_minutes": 30}
LISTED: dict[str, Any] = {"limit": 20, "cursor": None}


def away() -> dict[str, Any]:
    """The morning of the day after tomorrow, which a doctor is not there for."""
    return {"starts_at": at(hour=8), "ends_at": at(hour=12), "reason": SECRET}


CHANGES: dict[type[Command], Callable[[], dict[str, Any]]] = {
    SetSchedule: lambda: {"rules": [MONDAY]},
    TakeTimeOff: away,
}


@pytest.fixture
def known(fresh: Database) -> Actor:
    """A doctor of a hospital."""
    who: Actor = in_transaction(fresh, doctor)
    return who


def test_an_admin_sets_the_hours_of_a_doctor(session: Session) -> None:
    who = doctor(session)
    weekly_hours.set_schedule(
        session, ADMIN, SetSchedule(doctor_id=who.person, rules=[Hours(2, time(10), time(12)).view()])
    )
    for asking in (who, ADMIN, RECEPTIONIST):
        [rule] = weekly_hours.get_schedule(session, asking, GetSchedule(doctor_id=who.person))["rules"]
        assert (rule.weekday, rule.from_) == (2, time(10))


def test_a_doctor_who_falls_ill_is_displaced_by_an_admin(session: Session) -> None:
    who = doctor(session)
    made = book(session, who)
    taken = take(session, ADMIN, doctor_id=who.person, displace=True)
    session.flush()
    assert (taken["displaced"], status_of(session, made["id"])) == ([made["id"]], "displaced")


def test_the_patients_are_told_as_when_the_doctor_takes_it_and_by_whom_is_kept(session: Session) -> None:
    who = doctor(session)
    made = book(session, who)
    take(session, ADMIN, doctor_id=who.person, reason=SECRET, displace=True)
    [event] = said(session, AppointmentDisplaced)
    assert (event["appointment_id"], event["doctor_id"]) == (made["id"], who.person)
    assert history(session, made)[-1] == (2, "displaced", ADMIN.id)
    assert SECRET not in str(session.published)


def test_what_an_admin_gives_is_the_doctors_own_and_both_may_take_it_back(session: Session) -> None:
    who = doctor(session)
    for asking in (who, ADMIN):
        given = take(session, ADMIN, doctor_id=who.person)
        [row] = time_off.listing(session, who, ListTimeOff(doctor_id=who.person, **LISTED)).items
        assert row.id == given["id"]
        time_off.end(session, asking, EndTimeOff(doctor_id=who.person, time_off_id=given["id"]))
    assert time_off.listing(session, ADMIN, ListTimeOff(doctor_id=who.person, **LISTED)).items == []


def test_the_desk_sees_when_a_doctor_is_away_and_not_why(fresh: Database, known: Actor) -> None:
    ask(fresh, known, TakeTimeOff, {"doctor_id": known.person, **away()})
    answer = ask(fresh, RECEPTIONIST, ListAbsences, {"doctor_id": known.person})
    [row] = answer.reply["items"]
    assert (row["starts_at"], row["ends_at"]) == (at(hour=8), at(hour=12))
    assert SECRET not in str(answer.reply)


def test_the_desk_changes_nothing_and_nobody_else_sees_it(fresh: Database, known: Actor) -> None:
    whose = {"doctor_id": known.person}
    asked: list[tuple[Actor, type[Command], dict[str, Any]]] = [
        *((RECEPTIONIST, contract, fields()) for contract, fields in CHANGES.items()),
        (RECEPTIONIST, ListTimeOff, {}),
        (RECEPTIONIST, EndTimeOff, {"time_off_id": uuid7()}),
        (known, ListAbsences, {}),
        (patient(), GetSchedule, {}),
    ]
    codes = [ask(fresh, who, contract, {**whose, **fields}).code for who, contract, fields in asked]
    assert codes == ["role_missing"] * len(asked)


@pytest.mark.parametrize("contract", CHANGES, ids=lambda one: one.__name__)
def test_the_audit_tells_the_admin_from_the_doctor(fresh: Database, known: Actor, contract: type[Command]) -> None:
    answer = ask(fresh, ADMIN, contract, {"doctor_id": known.person, **CHANGES[contract]()})
    [row] = audited(fresh, contract)
    assert (answer.code, row.actor_id, row.record_id) == (DONE, ADMIN.id, known.person)
    assert row.details == ({"time_off_id": answer.reply["id"]} if "id" in answer.reply else None)


def audited(database: Database, contract: type[Command]) -> list[Any]:
    """What the audit says of a command."""
    with database.read() as session:
        return list(session.execute(select(audit).where(audit.c.action == contract.method())))


def test_the_audit_says_whose_time_off_was_taken_back(fresh: Database, known: Actor) -> None:
    whose = {"doctor_id": known.person}
    taken = ask(fresh, known, TakeTimeOff, {**whose, **away()}).reply["id"]
    ask(fresh, ADMIN, EndTimeOff, {**whose, "time_off_id": taken})
    [row] = audited(fresh, EndTimeOff)
    assert (row.actor_id, row.record_id, row.details) == (ADMIN.id, known.person, {"time_off_id": taken})


def test_a_doctor_and_an_admin_do_not_replace_each_others_hours_unseen(fresh: Database, known: Actor) -> None:
    whose = {"doctor_id": known.person}
    seen = ask(fresh, ADMIN, GetSchedule, whose).reply["revision"]

    def set_by(who: Actor) -> Answer:
        return ask(fresh, who, SetSchedule, {**whose, "rules": [MONDAY]}, if_match=f'"{seen}"')

    assert [set_by(known).code, set_by(ADMIN).code] == [DONE, "stale"]


@pytest.mark.parametrize("asking", [ADMIN, RECEPTIONIST], ids=["admin", "desk"])
def test_a_doctor_of_whom_nobody_has_told_may_be_an_event_away(session: Session, asking: Actor) -> None:
    with pytest.raises(NotYet):
        weekly_hours.get_schedule(session, asking, GetSchedule(doctor_id=uuid7()))
    with pytest.raises(NotYet):
        time_off.absences(session, asking, ListAbsences(doctor_id=uuid7(), **LISTED))


def test_somebody_elses_time_off_is_not_taken_back_by_an_admin_at_another_doctors_address(session: Session) -> None:
    one, other = doctor(session), doctor(session)
    taken = take(session, one)
    with pytest.raises(NotFound):
        time_off.end(session, ADMIN, EndTimeOff(doctor_id=other.person, time_off_id=taken["id"]))
