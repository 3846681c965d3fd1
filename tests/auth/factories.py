"""Accounts, actors and calls of the auth service, with defaults."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import eventlet
import pyotp
import pytest
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.call import Call
from chassis.errors import MatronError, TooMany
from chassis.event import Event, Origin
from chassis.execution.run import Refused
from chassis.execution.waits import Waits
from chassis.identity import NOBODY, SYSTEM, Actor, Verifier
from chassis.persistence.database import Database, Session
from contracts.auth.accounts.administration import InvitePatient
from contracts.auth.accounts.commands import RegisterPatient
from contracts.auth.events import MailAsked, MailTokenIssued
from contracts.auth.mfa import ConfirmMfa, StartMfa
from contracts.auth.sessions import LogIn, TokensView, VerifyMfa
from contracts.auth.upgrades import RequestUpgrade
from contracts.clinical.patients import PatientRegistered
from contracts.roles import Role
from services.auth import mail_tokens, passwords, rules, upgrades
from services.auth.accounts import commands as accounts
from services.auth.accounts import invitations
from services.auth.directory import patients
from services.auth.mfa import enrolment
from services.auth.models.accounts import Account
from services.auth.models.logins import LoginFailure
from services.auth.models.upgrades import UpgradeRequest
from services.auth.sessions import lockout, logins
from tests.calls import delivered
from tests.events import example_of
from tokens.keys import KeySet

ANYWHERE = Call()
PASSWORD = "violet-anchor-seldom-tuba"


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    at: datetime

    def now(self) -> datetime:
        """The time of the clock."""
        return self.at

    def advance(self, **units: float) -> None:
        """Move the clock by units of `timedelta`."""
        self.at += timedelta(**units)


@dataclass
class Host:
    """The host of the service's methods, without a broker."""

    database: Database
    name: str = "auth"
    call: Call = field(default_factory=lambda: Call(request_id=str(uuid7()), key=str(uuid7())))
    waits: Waits = field(default_factory=lambda: Waits(4))

    @property
    def relay(self) -> "Host":
        """A relay that sends nothing."""
        return self

    def wake(self) -> None:
        """Do nothing."""

    @property
    def verifier(self) -> Verifier:
        """A verifier with the keys of the settings."""
        return Verifier(KeySet(config.current().jwks_file))


@cache
def password_hash() -> str:
    """The hash of `PASSWORD`, computed once because it is slow."""
    return passwords.hash_now(PASSWORD)


def new_email() -> str:
    """An address without an account."""
    return f"{uuid7().hex}@example.org"


def new_account(session: Session, **fields: Any) -> Account:
    """An active account, of a patient unless `roles` are given. Its events are removed."""
    given = {"email": new_email(), "password_hash": password_hash(), "name": "Asha Rao", "roles": [Role.PATIENT]}
    account = accounts.create_ready(session, SYSTEM, **{**given, **fields})
    session.published.clear()
    return account


def registered(session: Session, email: str) -> Account:
    """A registered patient with an unverified address."""
    command = RegisterPatient(email=email, password=PASSWORD, name="Asha Rao")
    plan = accounts.prepare(session, NOBODY, command)
    return accounts.register(session, NOBODY, plan, password_hash(), command)


def acting(account: Account, *roles: Role, session_id: UUID | None = None) -> Actor:
    """The account's owner as an actor."""
    return Actor(id=account.id, roles=frozenset(roles or {Role.PATIENT}), session_id=session_id, verified=True)


def said(session: Session, event: type[Event]) -> list[dict[str, Any]]:
    """The data of the events of this kind that have been published."""
    return [one.data for one in session.published if isinstance(one, event)]


def token_of(session: Session) -> str:
    """The secret of the last link that was mailed."""
    return str(said(session, MailTokenIssued)[-1]["token"])


def asked(session: Session, email: str, purpose: str = "reset") -> str:
    """The secret of a requested mail."""
    mail_tokens.send_requested(session, SYSTEM, example_of(MailAsked, email=email, purpose=purpose))
    session.flush()
    return token_of(session)


def hear_of_patient(session: Session, patient_id: UUID, *, sequence: int = 1, **facts: Any) -> None:
    """Hear an event of clinical about a patient."""
    origin = Origin(uuid7(), "clinical", "patient_updated", sequence, clock.now(), str(patient_id), "correlation")
    told = {"name": "Asha Rao", "phone": "+4930901820", "phone_changed_at": None, **facts}
    patients.upsert(session, delivered(session, origin), example_of(PatientRegistered, patient_id=patient_id, **told))
    session.flush()


def invited(session: Session, email: str) -> Account:
    """An invited patient without a password."""
    patient_id, desk = uuid7(), Actor(id=uuid7(), roles=frozenset({Role.RECEPTIONIST}))
    hear_of_patient(session, patient_id)
    invitations.invite(session, desk, InvitePatient(patient_id=patient_id, email=email))
    session.flush()
    return session.get_one(Account, patient_id)


def log_in(session: Session, email: str, password: str = PASSWORD, *, call: Call = ANYWHERE) -> Any:
    """Log in, all three steps in a single transaction. Returns a refusal that must be committed."""
    session.call, command = call, LogIn(email=email, password=password)
    candidate = logins.find_candidate(session, NOBODY, command)
    return logins.log_in(session, NOBODY, candidate, passwords.matches(candidate, command), command)


def log_in_with(
    session: Session,
    account: Account,
    code: str,
    *,
    actor: Actor = NOBODY,
    call: Call = ANYWHERE,
    mfa_token: str | None = None,
) -> Any:
    """Log in with both steps. Returns a refusal that must be committed."""
    mfa_token = mfa_token or log_in(session, account.email, call=call).mfa_token
    session.call = call
    return logins.verify_code(session, actor, VerifyMfa(mfa_token=mfa_token, code=code))


def actor_of(tokens: TokensView) -> Actor:
    """The actor of an access token."""
    return Verifier(KeySet(config.current().jwks_file)).actor(tokens.access_token)


def fail_to_log_in(session: Session, email: str, times: int, *, call: Call = ANYWHERE) -> None:
    """Fail to log in, without comparing passwords."""
    right, command = False, LogIn(email=email, password="wrong")
    session.call = call
    for _ in range(times):
        candidate = logins.find_candidate(session, NOBODY, command)
        assert isinstance(logins.log_in(session, NOBODY, candidate, right, command), Refused)


def guesses(session: Session, email: str, times: int, *, right: bool = False) -> Counter[str]:
    """Count the replies to guesses from so many network addresses, without comparing passwords."""
    found, command = Counter[str](), LogIn(email=email, password="a guess")
    for number in range(times):
        session.call = Call(address=f"198.51.{number >> 8}.{number & 255}")
        try:
            candidate = logins.find_candidate(session, NOBODY, command)
            answer = logins.log_in(session, NOBODY, candidate, right, command)
            found[code_of(answer) if isinstance(answer, Refused) else "done"] += 1
        except TooMany as error:
            found[error.code] += 1
    return found


@dataclass
class App:
    """A person's app, which computes codes."""

    secret: str
    recovery_codes: list[str]

    def code(self, steps: int = 1) -> str:
        """The code some steps from now. The default is the next: the confirmation used the current."""
        return pyotp.TOTP(self.secret).at(clock.now() + timedelta(seconds=30 * steps))


def started(session: Session, account: Account) -> App:
    """An app with an unconfirmed secret."""
    actor, right = acting(account), True
    shown = enrolment.start(session, actor, logins.own_candidate(session, actor), right, StartMfa(password=PASSWORD))
    assert not isinstance(shown, Refused)
    return App(shown.secret, [])


def enrolled(session: Session, account: Account) -> App:
    """An app with a confirmed secret. Its events are removed."""
    app = started(session, account)
    shown = enrolment.confirm(session, acting(account), ConfirmMfa(code=app.code(0)))
    assert not isinstance(shown, Refused)
    session.published.clear()
    return App(app.secret, shown.recovery_codes)


def failures_of(session: Session, account: Account) -> int:
    """The number of failed logins of an account."""
    return session.query(LoginFailure).where(LoginFailure.email_digest == rules.digest(account.email_key)).count()


def own_failures_of(session: Session, account: Account) -> int:
    """The number of failures of a signed-in owner."""
    count = lockout.counter_of_owner(account.id)
    return session.query(LoginFailure).where(LoginFailure.email_digest == count).count()


def code_of(refused: Any) -> str:
    """The code of a refusal that must be committed."""
    assert isinstance(refused, Refused)
    return refused.error.code


def together(*works: Callable[[], object]) -> list[str]:
    """Run works concurrently in green threads. Returns `done` or a refusal's code for each."""
    with eventlet.Timeout(30):
        return [thread.wait() for thread in [eventlet.spawn(_outcome, work) for work in works]]


def _outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except MatronError as refusal:
        return refusal.code
    return "done"


def require_mfa(monkeypatch: pytest.MonkeyPatch, *roles: str) -> None:
    """Require a second factor for these roles."""
    monkeypatch.setattr(config, "_current", replace(config.current(), mfa_required_roles=frozenset(roles)))


def requested(session: Session, account: Account, **fields: Any) -> UpgradeRequest:
    """A request for the role nurse, or for `role`."""
    given = {"role": "nurse", "licence_number": None, "specialization": None, "statement": "I have been one before."}
    return upgrades.request(session, acting(account), RequestUpgrade(**{**given, **fields}))


DOCTOR: dict[str, Any] = {"role": "doctor", "licence_number": "L-1", "specialization": "cardiology"}
