"""Demo data: people, working hours, prices and the pharmacy, created by the use cases of the services."""

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import time
from uuid import UUID

import eventlet
from sqlalchemy import select

from chassis.call import Call
from chassis.config import Config
from chassis.execution.run import add_events
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Database, Session
from contracts.billing.prices import SetPrice
from contracts.roles import Role
from contracts.scheduling.availability import GetSchedule, RuleView, SetSchedule
from matron import demo_charts, demo_stock
from services.auth import passwords, rules
from services.auth.accounts import commands as accounts
from services.auth.models.accounts import Account
from services.billing.models.prices import Price
from services.billing.prices import commands as prices
from services.clinical.directory import staff
from services.clinical.models.patients import Patient
from services.scheduling.availability import weekly_hours
from services.scheduling.models.directory import Doctor

PASSWORD = rules.DEMO_PASSWORD
ARRIVAL_SECONDS = 10.0
CALL = Call(request_id="matron-demo")


@dataclass(frozen=True)
class Person:
    """A person with an account."""

    role: Role
    email: str
    name: str
    specialization: str | None = None


PEOPLE = (
    Person(Role.ADMIN, "admin@demo.example", "Ada Admin"),
    Person(Role.DOCTOR, "weiss@demo.example", "Dr Lena Weiss", "cardiology"),
    Person(Role.DOCTOR, "okafor@demo.example", "Dr Chidi Okafor", "pediatrics"),
    Person(Role.DOCTOR, "tanaka@demo.example", "Dr Yui Tanaka", "general"),
    Person(Role.NURSE, "nurse@demo.example", "Noor Haddad"),
    Person(Role.LAB_TECHNICIAN, "lab@demo.example", "Luis Romero"),
    Person(Role.RECEPTIONIST, "desk@demo.example", "Rita Larsen"),
    Person(Role.PHARMACIST, "pharmacy@demo.example", "Piotr Nowak"),
    Person(Role.PATIENT, "asha@demo.example", "Asha Rao"),
    Person(Role.PATIENT, "ben@demo.example", "Ben Carter"),
)
HOURS = [RuleView(weekday=day, from_=time(9), to=time(17), slot_minutes=30) for day in range(7)]
PRICES = {"cardiology": 12_000, "pediatrics": 8_000, "general": 6_000}


def create_people(config: Config) -> list[Person]:
    """Create missing people, prices and stock before the services start.

    The services find the events in their queues.
    """
    for service, create in (("auth", _create_accounts), ("billing", _set_prices), ("clinical", demo_stock.fill)):
        database = Database(config.database_url(service))
        with database.begin(CALL) as session:
            create(session)
            add_events(session)
        database.close()
    return list(PEOPLE)


def has_public_password(config: Config) -> bool:
    """Return whether an account of an earlier run still has the public demo password."""
    addresses = [person.email for person in PEOPLE]
    with closing(Database(config.database_url("auth"))) as database, database.read() as session:
        found = session.scalars(select(Account).where(Account.email.in_(addresses))).all()
        hashes = {account.password_hash for account in found if account.may_sign_in}
    return any(passwords.is_hash_of(password_hash, PASSWORD) for password_hash in hashes)


def _create_accounts(session: Session) -> None:
    addresses = [person.email for person in PEOPLE]
    known = set(session.scalars(select(Account.email).where(Account.email.in_(addresses))))
    password_hash = "" if known.issuperset(addresses) else passwords.hash_now(PASSWORD)
    for person in PEOPLE:
        if person.email not in known:
            accounts.create_ready(
                session,
                SYSTEM,
                email=person.email,
                password_hash=password_hash,
                name=person.name,
                roles={person.role},
                specialization=person.specialization,
            )


def _set_prices(session: Session) -> None:
    known = set(session.scalars(select(Price.code)))
    for specialization, amount in PRICES.items():
        code = f"consultation:{specialization}"
        if code not in known:
            name = f"Consultation, {specialization}"
            prices.set_price(session, SYSTEM, SetPrice(code=code, name=name, amount_minor=amount, valid_from=None))


def give_hours(config: Config) -> None:
    """Wait until scheduling knows the doctors. Give working hours to doctors without any."""
    names = {person.name for person in PEOPLE if person.role is Role.DOCTOR}
    database = Database(config.database_url("scheduling"))
    with eventlet.Timeout(ARRIVAL_SECONDS):
        while len(found := _doctors(database, names)) < len(names):
            eventlet.sleep(0.02)
    with database.begin(CALL) as session:
        for doctor in found:
            if not weekly_hours.get_schedule(session, Actor(id=doctor), GetSchedule(doctor_id=doctor)).rules:
                weekly_hours.set_schedule(session, Actor(id=doctor), SetSchedule(doctor_id=doctor, rules=HOURS))
    database.close()


def _doctors(scheduling: Database, names: set[str]) -> Sequence[UUID]:
    with scheduling.read() as session:
        return session.scalars(select(Doctor.id).where(Doctor.name.in_(names))).all()


def fill_charts(config: Config) -> None:
    """Wait until clinical knows the patients and their doctor. Fill their charts."""
    ids = _account_ids(config)
    who = demo_charts.team(ids["weiss@demo.example"], ids["nurse@demo.example"], ids["lab@demo.example"])
    charts = {ids["asha@demo.example"]: demo_charts.ASHA, ids["ben@demo.example"]: demo_charts.BEN}
    with closing(Database(config.database_url("clinical"))) as database:
        with eventlet.Timeout(ARRIVAL_SECONDS):
            while not _are_known(database, who.doctor.person, charts):
                eventlet.sleep(0.02)
        for patient_id, story in charts.items():
            with database.begin(CALL) as session:
                demo_charts.fill(session, who, patient_id, story)
                add_events(session)


def _account_ids(config: Config) -> dict[str, UUID]:
    addresses = [person.email for person in PEOPLE]
    with closing(Database(config.database_url("auth"))) as database, database.read() as session:
        found = session.execute(select(Account.email, Account.id).where(Account.email.in_(addresses)))
        return {row.email: row.id for row in found}


def _are_known(database: Database, doctor_id: UUID, patient_ids: Collection[UUID]) -> bool:
    with database.read() as session:
        patients = session.scalars(select(Patient.id).where(Patient.id.in_(patient_ids))).all()
        return len(patients) == len(patient_ids) and staff.is_doctor(session, doctor_id)
