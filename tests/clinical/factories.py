"""What tests of clinical are made of, with defaults, so that each names only what matters to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import event, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.event import Event, Origin
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserRegistered, UserUpdated
from contracts.clinical.patients import AddressView, EmergencyContactView, RegisterPatientAtDesk, SearchPatients
from contracts.clinical.prescriptions import DoseView, Prescribe, PrescriptionItemView, Route
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical import care, patients, prescriptions
from services.clinical import handlers as accounts
from services.clinical.models.care import CareRelation
from services.clinical.models.patients import Patient
from services.clinical.models.prescriptions import Prescription
from tests.calls import delivered
from tests.events import example_of

HOUR = timedelta(hours=1)
ADDRESS = AddressView(lines=["Lindenweg 4"], city="Berlin", postal_code="10115", country="DE")
MOTHER = EmergencyContactView(name="Mira Rao", phone="+4930111111", relation="mother")


def hours(count: float) -> datetime:
    """So many hours from now; negative ones are past."""
    return clock.now() + count * HOUR


def doctor(person: UUID | None = None) -> Actor:
    return Actor(id=person or uuid7(), roles=frozenset({"doctor"}), verified=True)


def patient(person: UUID | None = None) -> Actor:
    return Actor(id=person or uuid7(), roles=frozenset({"patient"}), verified=True)


def desk(**fields: Any) -> Actor:
    """A receptionist."""
    return Actor(id=uuid7(), roles=frozenset({"receptionist"}), verified=True, **fields)


def person(**facts: Any) -> dict[str, Any]:
    """What the desk says of a patient, as the contract has read it."""
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
    """A patient whom the desk has registered."""
    written = patients.register(session, desk(), RegisterPatientAtDesk(**person(**facts)))
    session.flush()
    return written


def opened_account(session: Session, person_id: UUID, *, sequence: int = 1, **facts: Any) -> Patient:
    """The patient after auth's event about an account: only `user_updated` has a phone number."""
    event: type[UserRegistered | UserUpdated] = UserUpdated if "phone" in facts else UserRegistered
    told = {"user_id": person_id, "name": "Asha Rao", "email": "asha@example.org", **facts}
    accounts.remember(session, heard(session, event.event_name(), sequence=sequence), example_of(event, **told))
    session.flush()
    return session.get_one(Patient, person_id, populate_existing=True)


def searched(session: Session, **given: Any) -> Page:
    """A page of the desk's search."""
    criteria = {"mrn": None, "name": None, "birth_date": None, "limit": 20, "cursor": None, **given}
    return patients.search(session, desk(), SearchPatients(**criteria))


def said(session: Session, kind: type[Event]) -> list[dict[str, Any]]:
    """What a session has published of one kind."""
    return [published.data for published in session.published if type(published) is kind]


def heard(
    session: Session, name: str = "visit_started", *, sequence: int = 1, occurred_at: datetime | None = None
) -> Actor:
    """What a handler acts as."""
    moment = occurred_at or clock.now()
    return delivered(session, Origin(uuid7(), "somewhere", name, sequence, moment, "subject", "correlation"))


def visit(who: Actor, whom: Actor, *, starts: float = -1, **fields: Any) -> dict[str, Any]:
    """The fields of an event about a half-hour visit that starts in so many hours."""
    starts_at = hours(starts)
    return {
        "appointment_id": uuid7(),
        "doctor_id": who.person,
        "patient_id": whom.person,
        "starts_at": starts_at,
        "ends_at": starts_at + HOUR / 2,
        "revision": 2,
        **fields,
    }


def in_care(session: Session, **fields: Any) -> tuple[Actor, Actor]:
    """A doctor and a patient whose visit began an hour ago."""
    who, whom = doctor(), patient()
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visit(who, whom, **fields)))
    return who, whom


def relation(session: Session, visited: dict[str, Any]) -> CareRelation:
    """The care relation that is there for a visit."""
    query = select(CareRelation).where(CareRelation.appointment_id == visited["appointment_id"])
    return session.scalars(query.execution_options(populate_existing=True)).one()


def item(medicine: str = "Amoxicillin", *, dose: float = 500.0) -> PrescriptionItemView:
    """One medicine, as the contract has read it."""
    return PrescriptionItemView(
        medicine=medicine,
        dose=DoseView(value=dose, unit="mg"),
        route=Route.ORAL,
        frequency="every 8 hours",
        days=7,
        quantity=21,
        refills=0,
    )


def prescribed(session: Session, who: Actor, whom: Actor, *medicines: str) -> Prescription:
    """A prescription that is written down, with an item for each medicine."""
    items = [item(medicine) for medicine in medicines or ("Amoxicillin",)]
    written = prescriptions.prescribe(session, who, Prescribe(patient_id=whom.person, items=items, instructions=None))
    session.flush()
    return written


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """The SQL statements that are sent meanwhile."""
    sent = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        sent.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
