"""Access to charts: every command and query about a patient, for every role and every relation to the patient.

A use case checks access before it reads any field but the patient's id. So the test gives it a command without other
fields: a use case that reads one has let the caller pass.
"""

from collections.abc import Callable
from typing import NoReturn
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Forbidden, MatronError, NotFound
from chassis.execution.run import Operation
from chassis.identity import Actor, check_right
from chassis.persistence.database import Session
from contracts.clinical.assignments import EndAssignment
from contracts.clinical.break_glass import BreakGlass
from contracts.roles import Role
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical import assignments
from services.clinical.care.handlers import on_appointment_booked
from tests.clinical.care_steps import admin, approve, assign, break_the_glass
from tests.clinical.factories import doctor, heard, patient, registered, visit
from tests.events import example_of
from tests.perform import served

ALLOWED, HIDDEN, NO_ROLE = "allowed", "hidden", "no role"
OPERATIONS = {one.contract.__name__: one for one in served("clinical") if "patient_id" in one.contract.schema().fields}
NURSED = [name for name, one in OPERATIONS.items() if one.contract.roles & {Role.NURSE}]
WITHOUT_CARE = {BreakGlass: "an emergency is for doctors who do not treat the patient"}
"""Commands that any doctor may give, each with its reason."""


class Reached(Exception):
    """The use case has read a field, so the caller has passed the check of access."""


class PatientOnly:
    """A command with no field but the id of the patient."""

    def __init__(self, patient_id: UUID) -> None:
        self.patient_id = patient_id

    def __getattr__(self, name: str) -> NoReturn:
        raise Reached(name)


def visited(session: Session, patient_id: UUID, *, hours_ago: float) -> Actor:
    """Return a doctor whose appointment with the patient started so many hours ago."""
    physician = doctor()
    facts = visit(physician, patient(patient_id), starts=-hours_ago)
    on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **facts))
    return physician


def assigned(session: Session, patient_id: UUID) -> Actor:
    """Return a doctor with an assignment."""
    physician = approve(session, doctor())
    assign(session, physician, patient_id)
    return physician


def formerly_assigned(session: Session, patient_id: UUID) -> Actor:
    """Return a doctor whose assignment has ended."""
    physician = approve(session, doctor())
    given = assign(session, physician, patient_id)
    assignments.end(session, admin(), EndAssignment(patient_id=patient_id, assignment_id=given.id))
    session.flush()
    return physician


def emergency(session: Session, patient_id: UUID) -> Actor:
    """Return a doctor who has opened the chart in an emergency."""
    physician = doctor()
    break_the_glass(session, patient_id, physician)
    return physician


def member(role: Role) -> Callable[[Session, UUID], Actor]:
    """Return a function that makes a person with this role."""
    return lambda _session, _patient_id: Actor(id=uuid7(), roles=frozenset({role}), verified=True)


TREATING: dict[str, Callable[[Session, UUID], Actor]] = {
    "doctor by appointment": lambda session, patient_id: visited(session, patient_id, hours_ago=1),
    "doctor by assignment": assigned,
    "doctor by break-glass": emergency,
}
OUTSIDE: dict[str, Callable[[Session, UUID], Actor]] = {
    "doctor without care": member(Role.DOCTOR),
    "doctor after an assignment": formerly_assigned,
    "doctor 31 days after the visit": lambda session, patient_id: visited(session, patient_id, hours_ago=31 * 24 + 1),
    "doctor before the visit": lambda session, patient_id: visited(session, patient_id, hours_ago=-1),
    "other patient": member(Role.PATIENT),
}
STAFF: dict[str, Callable[[Session, UUID], Actor]] = {
    role.value: member(role)
    for role in (Role.NURSE, Role.LAB_TECHNICIAN, Role.RECEPTIONIST, Role.PHARMACIST, Role.ADMIN)
}
OWN: dict[str, Callable[[Session, UUID], Actor]] = {"the patient": lambda _session, patient_id: patient(patient_id)}
RELATIONS = TREATING | OUTSIDE | STAFF | OWN


def outcome(session: Session, actor: Actor, operation: Operation, patient_id: UUID) -> str:
    """Return whether the caller passes the check of access."""
    try:
        check_right(actor, operation.contract)
        operation.use_case(session, actor, PatientOnly(patient_id))
    except Forbidden:
        return NO_ROLE
    except NotFound:
        return HIDDEN
    except (Reached, MatronError):
        return ALLOWED
    return ALLOWED


def expected(operation: Operation, relation: str, actor: Actor) -> str:
    """Return what the rules say: a role of the contract, and for doctors and patients a relation to the patient."""
    if actor.roles.isdisjoint(operation.contract.roles):
        return NO_ROLE
    if relation in OUTSIDE and not (operation.contract in WITHOUT_CARE and actor.has({Role.DOCTOR})):
        return HIDDEN
    return ALLOWED


@pytest.mark.parametrize("name", OPERATIONS)
def test_access_follows_role_and_relation(session: Session, name: str) -> None:
    operation, patient_id = OPERATIONS[name], registered(session).id
    callers = {relation: make(session, patient_id) for relation, make in RELATIONS.items()}
    found = {relation: outcome(session, actor, operation, patient_id) for relation, actor in callers.items()}
    assert found == {relation: expected(operation, relation, actor) for relation, actor in callers.items()}


@pytest.mark.parametrize("name", NURSED)
def test_nurse_does_not_find_an_unknown_patient(session: Session, name: str) -> None:
    nurse = member(Role.NURSE)(session, uuid7())
    assert outcome(session, nurse, OPERATIONS[name], uuid7()) == HIDDEN


def test_matrix_covers_the_nouns_of_a_chart() -> None:
    nouns = {one.contract.__module__.split(".")[2] for one in OPERATIONS.values()}
    assert nouns >= {"allergies", "charts", "conditions", "history", "labs", "prescriptions", "records", "vitals"}
