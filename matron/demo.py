"""People, hours and prices to try things with, made by the services' own use cases."""

from dataclasses import dataclass
from datetime import time
from uuid import UUID

import eventlet
from sqlalchemy import select

from chassis.config import Config
from chassis.database import Database, Session
from chassis.execution import add_events
from chassis.identity import Actor
from contracts.roles import Role
from services.auth import accounts, passwords
from services.auth.models import Account
from services.billing import prices
from services.scheduling import slots
from services.scheduling.models import Doctor

PASSWORD = "quiet-harbour-lantern-27"  # noqa: S105  of people who do not exist
ARRIVAL_SECONDS = 10.0


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in."""

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
HOURS = [
    {"weekday": day, "from_": time(9), "to": time(17), "slot_minutes": 30} for day in range(7)
]
PRICES = {"cardiology": 12_000, "pediatrics": 8_000, "general": 6_000}


def load(config: Config) -> list[Person]:
    """Make whoever is missing, wait until the doctors are known to scheduling, and give them hours and prices."""
    system = Actor.system(request_id="matron-demo")
    auth, scheduling, billing = (Database(config.database_url(n)) for n in ("auth", "scheduling", "billing"))
    with auth.begin() as session:
        made = _make_people(session, system)
        add_events(session, system)
    if made:
        _give_hours(scheduling, made)
        with billing.begin() as session:
            _set_prices(session, system)
            add_events(session, system)
    for database in (auth, scheduling, billing):
        database.close()
    return list(PEOPLE)


def _make_people(session: Session, system: Actor) -> list[UUID]:
    """The ids of the doctors who were made."""
    known = set(session.scalars(select(Account.email).where(Account.email.in_([p.email for p in PEOPLE]))))
    missing = [person for person in PEOPLE if person.email not in known]
    password_hash = passwords.hash_now(PASSWORD) if missing else ""
    doctors = []
    for person in missing:
        account = accounts.create_ready(
            session,
            system,
            email=person.email,
            password_hash=password_hash,
            name=person.name,
            roles={person.role},
            specialization=person.specialization,
        )
        if person.role is Role.DOCTOR:
            doctors.append(account.id)
    return doctors


def _give_hours(scheduling: Database, doctors: list[UUID]) -> None:
    with eventlet.Timeout(ARRIVAL_SECONDS):
        while not _all_known(scheduling, doctors):
            eventlet.sleep(0.02)
    with scheduling.begin() as session:
        for doctor in doctors:
            slots.set_schedule(session, Actor(id=doctor), doctor_id=doctor, rules=HOURS)


def _all_known(scheduling: Database, doctors: list[UUID]) -> bool:
    with scheduling.read() as session:
        return len(session.scalars(select(Doctor.id).where(Doctor.id.in_(doctors))).all()) == len(doctors)


def _set_prices(session: Session, system: Actor) -> None:
    for specialization, amount in PRICES.items():
        prices.set_price(
            session,
            system,
            code=f"consultation:{specialization}",
            name=f"Consultation, {specialization}",
            amount_minor=amount,
            valid_from=None,
        )
