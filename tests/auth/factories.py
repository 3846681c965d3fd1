"""Accounts, actors and whole conversations with the auth service, with defaults."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import config
from chassis.contract import Event
from chassis.database import Database, Session
from chassis.execution import Call, Refused
from chassis.identity import NOBODY, Actor, KeySet, Verifier
from contracts.roles import Role
from services.auth import accounts, passwords, sessions, upgrades
from services.auth.models import Account, UpgradeRequest

PASSWORD = "violet-anchor-seldom-tuba"


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime

    def now(self) -> datetime:
        """The time that it shows."""
        return self.at

    def advance(self, **units: float) -> None:
        """Move it by minutes, hours or what `timedelta` knows."""
        self.at += timedelta(**units)


@dataclass
class Host:
    """What the service class is to its methods, without a broker."""

    database: Database
    name: str = "auth"
    call: Call = field(default_factory=lambda: Call(request_id=str(uuid7()), key=str(uuid7())))

    @property
    def relay(self) -> "Host":
        """Nobody relays."""
        return self

    def wake(self) -> None:
        """Nobody is woken."""

    @property
    def verifier(self) -> Verifier:
        """Verifies with the keys of the settings."""
        return Verifier(KeySet(config.current().jwks_file))


@cache
def password_hash() -> str:
    """The hash of `PASSWORD`, made once since it takes long."""
    return passwords.hash_now(PASSWORD)


def new_email() -> str:
    """An address that nobody has."""
    return f"{uuid7().hex}@example.org"


def new_account(session: Session, **fields: Any) -> Account:
    """An active account, a patient's unless `roles` says otherwise; its events are left out."""
    given = {"email": new_email(), "password_hash": password_hash(), "name": "Asha Rao", "roles": [Role.PATIENT]}
    account = accounts.create_ready(session, Actor.system(), **{**given, **fields})
    session.published.clear()
    return account


def registered(session: Session, email: str) -> Account:
    """A patient who has registered and not yet verified."""
    plan = accounts.prepare(session, NOBODY, email=email, password=PASSWORD, name="Asha Rao")
    return accounts.register(session, NOBODY, plan, password_hash(), email=email, name="Asha Rao")


def acting(account: Account, *roles: Role, session_id: UUID | None = None) -> Actor:
    """The account's owner as an actor."""
    return Actor(id=account.id, roles=frozenset(roles or {Role.PATIENT}), session_id=session_id, verified=True)


def said(session: Session, event: type[Event]) -> list[dict[str, Any]]:
    """The data of the events of this kind that have been published."""
    return [one.data for one in session.published if isinstance(one, event)]


def log_in(session: Session, email: str, password: str = PASSWORD) -> Any:
    """The three steps of logging in, in one transaction; a refusal that is to be committed is returned."""
    candidate = sessions.find(session, NOBODY, email=email, password=password)
    right = passwords.matches(candidate, password=password)
    return sessions.log_in(session, NOBODY, candidate, right, email=email)


def fail_to_log_in(session: Session, email: str, times: int) -> None:
    """Wrong passwords, without the time that comparing takes."""
    right = False
    for _ in range(times):
        candidate = sessions.find(session, NOBODY, email=email, password="wrong")
        assert isinstance(sessions.log_in(session, NOBODY, candidate, right, email=email), Refused)


def requested(session: Session, account: Account, **fields: Any) -> UpgradeRequest:
    """A request to become a nurse, or a doctor when `role` says so."""
    given = {"role": "nurse", "licence_number": None, "specialization": None, "statement": "I have been one before."}
    return upgrades.request(session, acting(account), **{**given, **fields})


DOCTOR: dict[str, Any] = {"role": "doctor", "licence_number": "L-1", "specialization": "cardiology"}
