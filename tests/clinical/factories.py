"""Builders for the tests of clinical. Each has defaults, so that a test names only what matters to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import event as sql_event
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.event import Event, Origin
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import AddressView, EmergencyContactView, RegisterPatientAtDesk, SearchPatients
from contracts.clinical.prescriptions import DoseView, Prescribe, PrescriptionItemView, Route
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical.care.handlers import on_appointment_booked
from services.clinical.models.care import CareRelation
from services.clinical.models.patients import Patient
from services.clinical.models.prescriptions import Prescription
from services.clinical.patients import commands, handlers, queries
from services.clinical.prescriptions.commands import prescribe
from tests.calls import delivered
from tests.events import example_of

HOUR = timedelta(hours=1)
ADDRESS = AddressView(lines=["Lindenweg 4"], city="Berlin", postal_code="10115", country="DE")
MOTHER = EmergencyContactView(name="Mira Rao", phone="+4930111111", relation="mother")


def hours(count: float) -> datetime:
    """Return the time this many hours from now. A negative number is in the past."""
    return clock.now() + count * HOUR


def doctor(person_id: UUID | None = None) -> Actor:
    return Actor(id=person_id or uuid7(), roles=frozenset({"doctor"}), verified=True)


def nurse() -> Actor:
    return Actor(id=uuid7(), roles=frozenset({"nurse"}), verified=True)


def pharmacist() -> Actor:
    return Actor(id=uuid7(), roles=frozenset({"pharmacist"}), verified=True)


def lab_technician() -> Actor:
    return Actor(id=uuid7(), roles=frozenset({"lab_technician"}), verified=True)


def patient(person_id: UUID | None = None) -> Actor:
    return Actor(id=person_id or uuid7(), roles=frozenset({"patient"}), verified=True)


def desk(**fields: Any) -> Actor:
    """A receptionist."""
    return Actor(id=uuid7(), roles=frozenset({"receptionist"}), verified=True, **fields)


def demographics(**facts: Any) -> dict[str, Any]:
    """Return the fields of a registration at the desk."""
    return {
        "given_name": "Asha",
        "family_name": "Rao",
        "birth_date": date(1990, 4, 7),
        "sex": "female",
        "phone": "+4930222222",
        "email": "asha@example.org",
        "address": ADDRESS,
        "blood_group": "A+",
        "emergency_contact": MOTHER,
        "confirmed_new": False,
        **facts,
    }


def registered(session: Session, **facts: Any) -> Patient:
    """Register a patient at the desk."""
    written = commands.register(session, desk(), RegisterPatientAtDesk(**demographics(**facts)))
    session.flush()
    return written


def opened_account(session: Session, person_id: UUID, *, sequence: int = 1, **facts: Any) -> Patient:
    """Handle auth's event about an account; return the patient. Facts with a phone number make it `user_updated`."""
    given = {"user_id": person_id, "name": "Asha Rao", "email": "asha@example.org", **facts}
    if "phone" in facts:
        handlers.on_user_updated(
            session, heard(session, "user_updated", sequence=sequence), example_of(UserUpdated, **given)
        )
    else:
        actor = heard(session, "user_registered", sequence=sequence)
        handlers.on_user_registered(session, actor, example_of(UserRegistered, **given))
    session.flush()
    return session.get_one(Patient, person_id, populate_existing=True)


def searched(session: Session, **given: Any) -> Page:
    """Return a page of the desk's search."""
    criteria = {"mrn": None, "name": None, "birth_date": None, "limit": 20, "cursor": None, **given}
    return queries.search(session, desk(), SearchPatients(**criteria))


def published(session: Session, kind: type[Event]) -> list[dict[str, Any]]:
    """Return the data of the published events of a kind."""
    return [event.data for event in session.published if type(event) is kind]


def erase(session: Session, patient_id: UUID) -> None:
    """Handle the erasure of a person."""
    handlers.on_user_erased(session, heard(session, "user_erased"), example_of(UserErased, user_id=patient_id))
    session.flush()


def heard(
    session: Session, name: str = "visit_started", *, sequence: int = 1, occurred_at: datetime | None = None
) -> Actor:
    """Deliver an event to the session; return the actor of its handler."""
    moment = occurred_at or clock.now()
    return delivered(session, Origin(uuid7(), "somewhere", name, sequence, moment, "subject", "correlation"))


def visit(physician: Actor, person: Actor, *, starts: float = -1, **fields: Any) -> dict[str, Any]:
    """Return the fields of an event about a half-hour visit that starts in this many hours."""
    starts_at = hours(starts)
    return {
        "appointment_id": uuid7(),
        "doctor_id": physician.person,
        "patient_id": person.person,
        "starts_at": starts_at,
        "ends_at": starts_at + HOUR / 2,
        "revision": 2,
        **fields,
    }


def in_care(session: Session, **fields: Any) -> tuple[Actor, Actor]:
    """Return a doctor and a patient whose visit started an hour ago."""
    physician, person = doctor(), patient()
    on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visit(physician, person, **fields)))
    return physician, person


def relation(session: Session, visited: dict[str, Any]) -> CareRelation:
    """Return the care relation of a visit."""
    query = select(CareRelation).where(CareRelation.appointment_id == visited["appointment_id"])
    return session.scalars(query.execution_options(populate_existing=True)).one()


def item(medicine: str = "Amoxicillin", *, dose: float = 500.0) -> PrescriptionItemView:
    """Return one medicine of a prescription."""
    return PrescriptionItemView(
        medicine=medicine,
        dose=DoseView(value=dose, unit="mg"),
        route=Route.ORAL,
        frequency="every 8 hours",
        days=7,
        quantity=21,
        refills=0,
    )


def prescribed(session: Session, physician: Actor, person: Actor, *medicines: str) -> Prescription:
    """Prescribe these medicines; return the prescription."""
    items = [item(medicine) for medicine in medicines or ("Amoxicillin",)]
    command = Prescribe(patient_id=person.person, items=items, instructions=None)
    written = prescribe(session, physician, command)
    session.flush()
    query = select(Prescription).where(Prescription.id == written["id"]).options(selectinload(Prescription.items))
    return session.scalars(query).one()


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Collect the SQL statements that the block sends."""
    sent = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        sent.append(statement)

    engine = session.get_bind()
    sql_event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sql_event.remove(engine, "before_cursor_execute", note)
