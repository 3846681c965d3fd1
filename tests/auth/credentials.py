"""Changes of passwords, addresses and second factors, with all their steps."""

from typing import Any

from chassis.call import Call
from chassis.execution.run import Refused
from chassis.identity import NOBODY, Actor
from chassis.persistence.database import Session
from contracts.auth.accounts.commands import ChangeEmail, ChangePassword, ResetPassword
from contracts.auth.mfa import StartMfa
from services.auth import passwords
from services.auth.accounts import credentials
from services.auth.mfa import enrolment
from services.auth.models.accounts import Account
from services.auth.sessions import logins
from tests.auth.factories import ANYWHERE, PASSWORD, acting, log_in

NEW = "copper-lantern-orbit-seventy"


def reset(session: Session, token: str, password: str = NEW, *, call: Call = ANYWHERE) -> Any:
    """Reset a password, in three steps."""
    session.call, command = call, ResetPassword(token=token, password=password)
    plan = credentials.prepare_reset(session, NOBODY, command)
    made = credentials.reset(session, NOBODY, plan, passwords.hash_reset(plan, command), command)
    session.flush()
    return made


def change(session: Session, actor: Actor, current: str = PASSWORD, password: str = NEW) -> Any:
    """Change a password, in three steps."""
    command = ChangePassword(current_password=current, password=password)
    owner = credentials.prepare_change(session, actor, command)
    return credentials.change_password(session, actor, owner, passwords.hash_changed(owner, command), command)


def move(session: Session, account: Account, email: str, password: str = PASSWORD) -> Any:
    """Request another address, in three steps."""
    command = ChangeEmail(email=email, password=password)
    candidate = logins.own_candidate(session, acting(account), command)
    right = passwords.matches(candidate, command)
    return credentials.change_email(session, acting(account), candidate, right, command)


def gets_in(session: Session, email: str, password: str) -> bool:
    """Whether a login succeeds."""
    return not isinstance(log_in(session, email, password), Refused)


def start(session: Session, actor: Actor, *, right: bool = True, code: str | None = None) -> Any:
    """Start an enrolment, without comparing a password."""
    return enrolment.start(
        session, actor, logins.own_candidate(session, actor), right, StartMfa(password=PASSWORD, code=code)
    )
