"""Requests for roles: asked, listed, decided."""

from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.database import Session, refusing
from chassis.errors import Conflict, Forbidden, NotFound, Unauthenticated
from chassis.identity import Actor
from chassis.paging import page
from contracts.auth import UpgradeDecided, UpgradeRequested
from services.auth import grants, rules
from services.auth.models import Account, UpgradeRequest

LISTED = (
    UpgradeRequest.id,
    UpgradeRequest.user_id,
    UpgradeRequest.role,
    UpgradeRequest.status,
    UpgradeRequest.licence_number,
    UpgradeRequest.specialization,
    UpgradeRequest.statement,
    UpgradeRequest.reason,
    UpgradeRequest.created_at,
)
NEWEST = (UpgradeRequest.created_at, UpgradeRequest.id)


def request(
    session: Session,
    actor: Actor,
    *,
    role: str,
    licence_number: str | None,
    specialization: str | None,
    statement: str,
) -> UpgradeRequest:
    """Ask for a role. Invalid: a doctor's missing fields. Conflict: `already_pending`, `already_granted`."""
    rules.check_request(role=role, licence_number=licence_number, specialization=specialization)
    account = _locked(session, actor.person)
    if role in grants.roles_of(session, account.id):
        raise grants.already_granted()
    asked = UpgradeRequest(
        id=uuid7(),
        user_id=account.id,
        role=role,
        status="pending",
        licence_number=licence_number,
        specialization=specialization,
        statement=statement,
        created_at=clock.now(),
    )
    pending = Conflict("already_pending", "You have asked for this role already.")
    with refusing(session, {"uq_upgrade_request_user_id_role": pending}):
        session.add(asked)
    session.publish(UpgradeRequested(request_id=asked.id, user_id=asked.user_id, role=role))
    return asked


def _locked(session: Session, user_id: UUID) -> Account:
    """The account, locked, so that nobody gives or takes a role meanwhile."""
    account = session.get(Account, user_id, with_for_update=True)
    if account is None or account.status == "erased":
        raise Unauthenticated("token_invalid", "The access token is not valid.")
    return account


def withdraw(session: Session, actor: Actor, *, request_id: UUID) -> UpgradeRequest:
    """Take one's own request back. NotFound: nobody's, or somebody else's. Conflict: `already_decided`."""
    asked = session.get(UpgradeRequest, request_id, with_for_update=True)
    if asked is None or asked.user_id != actor.person:
        raise _no_such_request()
    asked.withdraw(actor.person, clock.now())
    return asked


def _no_such_request() -> NotFound:
    return NotFound("not_found", "There is no such request.")


def own(session: Session, actor: Actor, *, limit: int, cursor: str | None) -> Page:
    """One's own requests, newest first."""
    query = select(*LISTED).where(UpgradeRequest.user_id == actor.person)
    return page(session, query, NEWEST, limit=limit, cursor=cursor)


def listing(session: Session, _actor: Actor, *, status: str, limit: int, cursor: str | None) -> Page:
    """Everybody's requests with this status and who asks, newest first. The contract lets only admins ask."""
    query = select(*LISTED, Account.email, Account.name).join(Account, Account.id == UpgradeRequest.user_id)
    return page(session, query.where(UpgradeRequest.status == status), NEWEST, limit=limit, cursor=cursor)


def decide(session: Session, actor: Actor, *, request_id: UUID, decision: str, reason: str | None) -> UpgradeRequest:
    """Approve, which grants the role, or reject. Nobody decides about themselves. It is audited as done to the person.

    Invalid: `reason_required`. Forbidden: `own_request`. Conflict: `already_decided`, `already_granted`,
    `account_not_active`.
    """
    rules.check_reason(decision=decision, reason=reason)
    asked = session.get(UpgradeRequest, request_id, with_for_update=True)
    if asked is None:
        raise _no_such_request()
    if asked.user_id == actor.person:
        raise Forbidden("own_request", "Another admin decides about your request.")
    details = {"request_id": str(asked.id), "decision": decision, "granted": [asked.role] * (decision == "approve")}
    session.note(record_id=asked.user_id, details=details)
    if decision == "approve":
        _approve(session, actor, asked, reason)
    else:
        asked.reject(actor.person, clock.now(), reason or "")
        _say_decided(session, asked, decision)
    return asked


def _approve(session: Session, actor: Actor, asked: UpgradeRequest, reason: str | None) -> None:
    account = _locked(session, asked.user_id)
    asked.approve(actor.person, clock.now(), reason)
    account.must_be_active()
    grants.give(session, account, asked.role, by=actor.person, specialization=asked.specialization)
    account.changed()
    _say_decided(session, asked, "approve")
    grants.announce(session, account, asked.role, specialization=asked.specialization)


def _say_decided(session: Session, asked: UpgradeRequest, decision: str) -> None:
    event = UpgradeDecided(request_id=asked.id, user_id=asked.user_id, role=asked.role, decision=decision)
    session.publish(event)
