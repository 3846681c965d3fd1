"""Accounts: opened, verified, read."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.database import Session, refusing
from chassis.errors import Conflict, Invalid, Unauthenticated
from chassis.identity import Actor
from contracts.auth import MailTokenIssued, UserRegistered, UserVerified
from contracts.roles import Role
from services.auth import grants, rules
from services.auth.models import Account, OneTimeToken

VERIFY_WITHIN = timedelta(hours=24)


def prepare(session: Session, _actor: Actor, *, email: str, password: str, name: str) -> dict[str, str]:  # noqa: ARG001
    """See that the address is free, and choose the account's id. Conflict: `email_taken`."""
    if session.scalar(select(exists().where(Account.email_key == rules.email_key(email)))):
        raise _email_taken()
    return {"user_id": str(uuid7())}


def register(
    session: Session, _actor: Actor, plan: dict[str, str], password_hash: str, *, email: str, name: str
) -> Account:
    """Open a patient's account and send the verification mail. Conflict: `email_taken`, when somebody was faster."""
    account = _new(email, name, password_hash, "pending_verification", UUID(plan["user_id"]))
    _open(session, account, [Role.PATIENT], by=None)
    _send_verification(session, account)
    return account


def create_admin(session: Session, actor: Actor, *, email: str, password_hash: str, name: str) -> Account:
    """Open an admin's account that needs no verification. Conflict: `email_taken`."""
    return create_ready(session, actor, email=email, password_hash=password_hash, name=name, roles=[Role.ADMIN])


def create_ready(
    session: Session,
    actor: Actor,
    *,
    email: str,
    password_hash: str,
    name: str,
    roles: Iterable[str],
    specialization: str | None = None,
) -> Account:
    """Open an active account with these roles, and say what would be said had each been approved.

    A doctor needs a specialization. Conflict: `email_taken`.
    """
    account, roles = _new(email, name, password_hash, "active", uuid7()), list(roles)
    _open(session, account, roles, by=actor.id)
    session.publish(UserVerified(user_id=account.id))
    for role in roles:
        grants.announce(session, account, role, specialization=specialization)
    return account


def _new(email: str, name: str, password_hash: str, status: str, user_id: UUID) -> Account:
    return Account(
        id=user_id,
        email=email,
        email_key=rules.email_key(email),
        name=name,
        password_hash=password_hash,
        status=status,
        created_at=clock.now(),
    )


def _open(session: Session, account: Account, roles: Iterable[str], *, by: UUID | None) -> None:
    """Write a new account with its roles, and tell the world."""
    with refusing(session, {"uq_account_email_key": _email_taken()}):
        session.add(account)
    session.publish(UserRegistered(user_id=account.id, email=account.email, name=account.name))
    for role in roles:
        grants.give(session, account, role, by=by)


def _email_taken() -> Conflict:
    return Conflict("email_taken", "There is an account with this address.")


def _send_verification(session: Session, account: Account) -> None:
    """Have a link mailed that works once, within 24 hours."""
    token, now = secrets.token_urlsafe(32), clock.now()
    kept = OneTimeToken(
        digest=rules.digest(token),
        user_id=account.id,
        purpose="verify",
        created_at=now,
        expires_at=now + VERIFY_WITHIN,
    )
    session.add(kept)
    session.publish(
        MailTokenIssued(
            user_id=account.id,
            email=account.email,
            name=account.name,
            purpose="verify",
            token=token,
            expires_at=kept.expires_at,
        )
    )


def verify(session: Session, _actor: Actor, *, token: str) -> Account:
    """Count the address as its owner's. Invalid: `token_not_valid`. Conflict: `not_pending_verification`."""
    account = session.get(Account, _take(session, token, "verify"), with_for_update=True)
    assert account is not None  # noqa: S101  the token refers to it
    account.verify()
    session.publish(UserVerified(user_id=account.id))
    return account


def _take(session: Session, token: str, purpose: str) -> UUID:
    """Use a mailed token up, in one statement, so that only one of two can; whose it is. Invalid: `token_not_valid`."""
    now = clock.now()
    statement = (
        update(OneTimeToken)
        .where(
            OneTimeToken.digest == rules.digest(token),
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeToken.user_id)
    )
    user_id = session.execute(statement).scalar_one_or_none()
    if user_id is None:
        raise Invalid("token_not_valid", "The link is unknown, used or ended.", {"errors": {"token": ["Not valid."]}})
    return user_id


def me(session: Session, actor: Actor) -> dict[str, Any]:
    """One's own account: `{id, email, name, status, roles}`."""
    account = session.get(Account, actor.person)
    if account is None:
        raise Unauthenticated("token_invalid", "The access token is not valid.")
    return {**described(account, grants.roles_of(session, account.id)), "status": account.status}


def described(account: Account, roles: list[str]) -> dict[str, Any]:
    """A person as a view takes it: `{id, email, name, roles}`."""
    return {"id": account.id, "email": account.email, "name": account.name, "roles": roles}
