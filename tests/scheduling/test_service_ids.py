"""Foreign ids. The service answers an id of another person exactly like an unknown id.

The tests try each command and query that has an id, for each of its roles. The payloads follow from the fields of the
contracts. Roles that may act for any person are left out.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Command
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Database
from chassis.persistence.tables import outbox
from contracts.roles import DESK, STAFF, Role
from contracts.scheduling.appointments.commands import BookAppointment, RescheduleAppointment
from contracts.scheduling.availability import GetDoctor, ListSlots
from contracts.scheduling.shifts.queries import ListColleagueShifts
from contracts.scheduling.shifts.swaps import AskForSwap
from matron.migrations import migrate
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.availability import TimeOff
from services.scheduling.models.base import Base
from services.scheduling.models.directory import Patient, StaffRole
from services.scheduling.models.shifts import Shift, ShiftSwap
from services.scheduling.models.tasks import Task
from tests.databases import KINDS
from tests.perform import of_service
from tests.scheduling import factories
from tests.scheduling.service_client import ask

PERSONS = {"doctor_id": {Role.DOCTOR}, "patient_id": {Role.PATIENT}, "person_id": STAFF, "owner_id": STAFF}
"""Fields that name a person, and the roles of that person."""
PUBLIC = {(ListSlots, "doctor_id"), (GetDoctor, "doctor_id")}


class Case(NamedTuple):
    """An id field of a contract, and the role of the caller."""

    contract: type[Command]
    role: Role
    field: str

    def __str__(self) -> str:
        return f"{self.contract.__name__}-{self.role}-{self.field}"


FREE_CHOICES = {
    Case(BookAppointment, Role.PATIENT, "doctor_id"),
    *(Case(RescheduleAppointment, role, "doctor_id") for role in (Role.PATIENT, Role.DOCTOR)),
    *(Case(AskForSwap, role, "asked_of") for role in STAFF),
    *(Case(ListColleagueShifts, role, "colleague_id") for role in STAFF),
}
"""Ids that a caller may choose: any doctor or any colleague. Doctors get `desk_only` for each other doctor."""


class World:
    """A database, with people and their records, added on demand."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def person(self, role: Role) -> Actor:
        """Add a person with a role."""
        person = factories.make_user(role, person_id=uuid7())
        with self.database.begin() as session:
            if role == Role.DOCTOR:
                person = factories.add_doctor(session)
            elif role in STAFF:
                session.add(StaffRole(person_id=person.person, role=role, changed_by=1))
        return person

    def add(self, row: DeclarativeBase) -> UUID:
        """Insert a row; return its id."""
        with self.database.begin() as session:
            session.add(row)
            session.flush()
            return UUID(str(row.id))  # type: ignore[attr-defined]

    def appointment_id(self, owner: Actor) -> UUID:
        """Add a booked visit of a doctor or a patient."""
        is_doctor = owner.has({Role.DOCTOR})
        doctor, patient = (owner, self.person(Role.PATIENT)) if is_doctor else (self.person(Role.DOCTOR), owner)
        people = {"doctor_id": doctor.person, "patient_id": patient.person}
        return self.add(Appointment(**people, **_times(), status="booked", created_at=clock.now()))

    def patient_of(self, doctor: Actor) -> UUID:
        """Add a patient who has attended a visit with the doctor."""
        patient, times = (
            factories.make_patient(),
            {name: moment - timedelta(days=9) for name, moment in _times().items()},
        )
        people = {"doctor_id": doctor.person, "patient_id": patient.person}
        self.add(Patient(id=patient.person, is_erased=False))
        self.add(Appointment(**people, **times, status="fulfilled", created_at=clock.now()))
        return patient.person

    def time_off_id(self, owner: Actor) -> UUID:
        """Add a time off of a doctor."""
        return self.add(TimeOff(doctor_id=owner.person, **_times(), created_at=clock.now()))

    def shift_id(self, owner: Actor) -> UUID:
        """Add a shift of a member of staff."""
        return self.add(Shift(person_id=owner.person, ward="A1", **_times(), status="assigned", created_at=clock.now()))

    def swap_id(self, owner: Actor) -> UUID:
        """Add a swap that asks a member of staff."""
        other = self.person(Role.NURSE)
        people = {"asked_by": other.person, "asked_of": owner.person}
        return self.add(ShiftSwap(shift_id=self.shift_id(other), **people, status="asked", created_at=clock.now()))

    def task_id(self, owner: Actor) -> UUID:
        """Add a task of a member of staff."""
        given = {"title": "Count the beds", "priority": "routine", "status": "requested", "given_by": uuid7()}
        return self.add(Task(owner_id=owner.person, **given, created_at=clock.now()))

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows of all tables, and all events."""
        tables = [*Base.metadata.sorted_tables, outbox]
        with self.database.read() as session:
            return [(table.name, *row) for table in tables for row in session.execute(select(table))]


def _times() -> dict[str, Any]:
    starts_at = factories.at(days=3, hour=13)
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30)}


# --- payloads ---------------------------------------------------------------------------------------------------------


def is_id(declared: fields.Field[Any]) -> bool:
    """Whether a field names a record or a person."""
    return isinstance(declared, fields.UUID)


def payload_of(world: World, contract: type[Command], person: Actor) -> dict[str, Any]:
    """A payload with the caller's own ids, or ids that the caller may choose, and valid values."""
    colleague, payload = world.person(Role(min(person.roles & STAFF, default=Role.NURSE))), dict[str, Any]()
    for name, declared in contract.schema().fields.items():
        if is_id(declared):
            payload[name] = id_for(world, name, person, colleague)
        elif declared.required:
            payload[declared.data_key or name] = value_for(name, declared)
    return payload


def id_for(world: World, name: str, owner: Actor, colleague: Actor) -> UUID:
    """An id for a field of this name: a record of the owner, or a person whom the owner may choose.

    Raise KeyError for an unknown field. Add such a field here, so that its contract is tested.
    """
    if name == "patient_id" and owner.has({Role.DOCTOR}):
        return world.patient_of(owner)
    if name in PERSONS:
        return owner.person if owner.has(PERSONS[name]) else world.person(min(PERSONS[name])).person
    chosen: dict[str, Callable[[], UUID]] = {
        "asked_of": lambda: colleague.person,
        "colleague_id": lambda: colleague.person,
        "in_exchange_id": lambda: world.shift_id(colleague),
        **{
            record: lambda record=record: getattr(world, record)(owner)  # type: ignore[misc]
            for record in ("appointment_id", "time_off_id", "shift_id", "swap_id", "task_id")
        },
    }
    return chosen[name]()


def value_for(name: str, declared: fields.Field[Any]) -> Any:
    """A value for a required field that is no id. Raise TypeError for an unknown type."""
    if isinstance(declared, fields.AwareDateTime):
        return _times()[name]
    if isinstance(declared, fields.String):
        choices = [each.choices for each in declared.validators if isinstance(each, validate.OneOf)]
        return next(iter(choices[0])) if choices else "As agreed"
    if isinstance(declared, fields.List):
        return []
    raise TypeError(f"add a value for the field {name}: {declared}")


# --- cases ------------------------------------------------------------------------------------------------------------


def cases() -> Iterator[Case]:
    """Each id of each command and query, for each allowed role. Roles that may name any person are left out."""
    for contract in of_service("scheduling"):
        for name, declared in contract.schema().fields.items():
            for role in sorted(contract.roles):
                is_clerk = role == Role.ADMIN or (role in DESK and contract.roles >= DESK)  # type: ignore[operator]
                if is_id(declared) and not is_clerk and (contract, name) not in PUBLIC:
                    yield Case(contract, Role(role), name)


ALL_CASES = list(cases())
REFUSED = [case for case in ALL_CASES if case not in FREE_CHOICES]


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An own database of this module. The service commits to it."""
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    url = server.create_database("ids") if server else f"sqlite:///{tmp_path_factory.mktemp('ids')}/ids.db"
    database = Database(url)
    migrate("scheduling", database)
    yield World(database)
    database.close()
    if server:
        server.drop(url)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_foreign_id_is_answered_like_an_unknown_id(world: World, case: Case) -> None:
    person = world.person(case.role)
    payload, another = (
        payload_of(world, case.contract, person),
        payload_of(world, case.contract, world.person(case.role)),
    )
    before = world.rows()
    foreign = ask(world.database, person, case.contract, payload | {case.field: another[case.field]})
    unknown = ask(world.database, person, case.contract, payload | {case.field: uuid7()})
    assert foreign.error == unknown.error, "the caller must not learn which ids exist"
    assert isinstance(foreign.refusal, NotFound)
    assert world.rows() == before


@pytest.mark.parametrize("case", {case[:2]: case for case in ALL_CASES}.values(), ids=str)
def test_own_id_is_not_answered_with_not_found(world: World, case: Case) -> None:
    person = world.person(case.role)
    answer = ask(world.database, person, case.contract, payload_of(world, case.contract, person))
    assert not isinstance(answer.refusal, NotFound), "the test of foreign ids would pass if every id was refused"
    assert answer.code not in ("internal", "invalid"), answer


def test_cases_include_the_commands_of_each_role() -> None:
    for role, number in {Role.PATIENT: 5, Role.DOCTOR: 14, Role.NURSE: 9}.items():
        assert len({case.contract for case in ALL_CASES if case.role == role}) >= number
