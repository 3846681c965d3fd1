"""Staff act on their own visits only as patients.

The tests try each command that has an appointment id. The payloads follow from the fields of the contracts. The caller
is the patient of the visit, and has every role.
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
from tests.scheduling.factories import HALF_HOUR
from tests.scheduling.service_client import DONE, Answer, ask

PATIENT_WITH_ALL_ROLES = factories.make_user(*Role)
SOON = timedelta(hours=3)
COMMANDS = [each for each in of_service("scheduling") if "appointment_id" in each.schema().fields]
PATIENT_COMMANDS = [each for each in COMMANDS if Role.PATIENT in each.roles]
STAFF_COMMANDS = [each for each in COMMANDS if Role.PATIENT not in each.roles]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database for all tests of this module. Each visit has an own doctor."""
    found = Database(f"sqlite:///{tmp_path_factory.mktemp('own')}/scheduling.db")
    migrate("scheduling", found)
    yield found
    found.close()


def add_visit(database: Database, status: str) -> UUID:
    """Add a visit of the patient with all roles. It begins in three hours."""
    with database.begin() as session:
        doctor_id, begins = factories.add_doctor(session).person, clock.now() + SOON
        times = {"starts_at": begins, "ends_at": begins + HALF_HOUR, "created_at": begins, "requested_at": clock.now()}
        session.query(Appointment).update({"status": "cancelled"})
        visit = Appointment(doctor_id=doctor_id, patient_id=PATIENT_WITH_ALL_ROLES.person, **times, status=status)
        session.add(visit)
        session.flush()
        return visit.id


def value_for(name: str, declared: fields.Field[Any]) -> Any:
    """A value for a field of a command. Raise TypeError for an unknown type."""
    if isinstance(declared, fields.AwareDateTime):
        return (clock.now() + timedelta(days=3)).isoformat()
    if isinstance(declared, fields.String):
        choices = [each.choices for each in declared.validators if isinstance(each, validate.OneOf)]
        return next(iter(choices[0])) if choices else "As agreed"
    raise TypeError(f"add a value for the field {name}: {declared}")


def ask_as_patient(database: Database, contract: type[Command], status: str) -> Answer:
    """Send the command as the patient, with its required fields, and with a place if it has one."""
    declared = contract.schema().fields
    payload: dict[str, Any] = {"appointment_id": str(add_visit(database, status))}
    payload |= {
        name: value_for(name, field)
        for name, field in declared.items()
        if name not in payload and (field.required or name == "place")
    }
    return ask(database, PATIENT_WITH_ALL_ROLES, contract, payload)


def test_commands_include_those_of_patients_and_of_staff() -> None:
    assert {each.__name__ for each in PATIENT_COMMANDS} == {
        "CancelAppointment",
        "GetAppointment",
        "RescheduleAppointment",
    }
    assert len(STAFF_COMMANDS) >= 7


@pytest.mark.parametrize("status", ["requested", "booked", "in_progress"])
@pytest.mark.parametrize("contract", STAFF_COMMANDS, ids=lambda each: each.__name__)
def test_staff_command_is_refused_when_the_caller_is_the_patient(
    database: Database, contract: type[Command], status: str
) -> None:
    outcome = ask_as_patient(database, contract, status)
    assert (outcome.code, type(outcome.refusal).__name__) == ("own_visit", "Forbidden")


@pytest.mark.parametrize("contract", PATIENT_COMMANDS, ids=lambda each: each.__name__)
def test_patient_rules_apply_when_staff_act_on_their_own_visit(database: Database, contract: type[Command]) -> None:
    assert ask_as_patient(database, contract, "booked").code == (DONE if contract.reads else "late_cancel")


def test_overbooking_is_refused_when_the_receptionist_is_the_patient(database: Database) -> None:
    given = {"appointment_id": add_visit(database, "requested"), "starts_at": clock.now() + timedelta(days=3)}
    assert (
        ask(database, PATIENT_WITH_ALL_ROLES, RescheduleAppointment, {**given, "overbook_reason": "Me"}).code
        == "desk_only"
    )
