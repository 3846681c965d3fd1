"""Whoever is a visit's patient acts in it as its patient alone, whatever else they are at the hospital.

Nothing of it is written by hand but the visit: the commands are all that the contracts have about one, the payloads
follow from their fields, and the patient has every role that there is.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from marshmallow import fields, validate

from chassis import clock
from chassis.contract import Command
from chassis.persistence.database import Database
from contracts.roles import Role
from contracts.scheduling.appointments.commands import RescheduleAppointment
from matron.migrations import migrate
from services.scheduling.models.appointments import Appointment
from tests.perform import of_service
from tests.scheduling import factories
from tests.scheduling.asking import DONE, Answer, ask
from tests.scheduling.factories import HALF_HOUR

OWN = factories.patient(None, *Role)
SOON = timedelta(hours=3)
COMMANDS = [each for each in of_service("scheduling") if "appointment_id" in each.schema().fields]
BY_PATIENTS = [each for each in COMMANDS if Role.PATIENT in each.roles]
BY_OTHERS = [each for each in COMMANDS if Role.PATIENT not in each.roles]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database for all of them: each has a doctor of its own."""
    found = Database(f"sqlite:///{tmp_path_factory.mktemp('own')}/scheduling.db")
    migrate("scheduling", found)
    yield found
    found.close()


def visit(database: Database, status: str) -> UUID:
    """A visit that begins in three hours, of somebody who has every role."""
    with database.begin() as session:
        doctor_id, begins = factories.doctor(session).person, clock.now() + SOON
        times = {"starts_at": begins, "ends_at": begins + HALF_HOUR, "created_at": begins, "requested_at": clock.now()}
        session.query(Appointment).update({"status": "cancelled"})
        made = Appointment(doctor_id=doctor_id, patient_id=OWN.person, **times, status=status)
        session.add(made)
        session.flush()
        return made.id


def value_for(name: str, declared: fields.Field[Any]) -> Any:
    """A value for a field of a command, by its type; TypeError for one that is new here."""
    if isinstance(declared, fields.AwareDateTime):
        return (clock.now() + timedelta(days=3)).isoformat()
    if isinstance(declared, fields.String):
        choices = [each.choices for each in declared.validators if isinstance(each, validate.OneOf)]
        return next(iter(choices[0])) if choices else "As agreed"
    raise TypeError(f"say what a field such as {name} takes: {declared}")


def answer(database: Database, contract: type[Command], status: str) -> Answer:
    """What the visit's patient is told, who asks for all that the command needs, and for another place if it can."""
    declared = contract.schema().fields
    payload: dict[str, Any] = {"appointment_id": str(visit(database, status))}
    payload |= {
        name: value_for(name, field)
        for name, field in declared.items()
        if name not in payload and (field.required or name == "place")
    }
    return ask(database, OWN, contract, payload)


def test_there_are_commands_of_both_kinds() -> None:
    assert {each.__name__ for each in BY_PATIENTS} == {"CancelAppointment", "GetAppointment", "RescheduleAppointment"}
    assert len(BY_OTHERS) >= 7


@pytest.mark.parametrize("status", ["requested", "booked", "in_progress"])
@pytest.mark.parametrize("contract", BY_OTHERS, ids=lambda each: each.__name__)
def test_what_a_patient_cannot_do_somebody_else_does(database: Database, contract: type[Command], status: str) -> None:
    told = answer(database, contract, status)
    assert (told.code, type(told.refusal).__name__) == ("own_visit", "Forbidden")


@pytest.mark.parametrize("contract", BY_PATIENTS, ids=lambda each: each.__name__)
def test_a_patients_rules_count_for_whoever_is_the_patient(database: Database, contract: type[Command]) -> None:
    assert answer(database, contract, "booked").code == (DONE if contract.reads else "late_cancel")


def test_nobody_moves_their_own_visit_beside_the_doctors_hours(database: Database) -> None:
    given = {"appointment_id": visit(database, "requested"), "starts_at": clock.now() + timedelta(days=3)}
    assert ask(database, OWN, RescheduleAppointment, {**given, "overbook_reason": "Me"}).code == "desk_only"
