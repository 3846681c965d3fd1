"""Requests for roles."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from chassis.persistence.listing import page
from chassis.refusals import TOKEN_INVALID
from contracts.auth.accounts.commands import AccountStatus
from contracts.auth.events import UpgradeDecided, UpgradeRequested
from contracts.auth.refusals import NO_SUCH_REQUEST
from contracts.auth.upgrades import (
    ALREADY_GRANTED,
    ALREADY_PENDING,
    DecideUpgrade,
    ListMyUpgradeRequests,
    ListUpgradeRequests,
    RequestUpgrade,
    UpgradeStatus,
    WithdrawUpgrade,
)
from contracts.refusals import OWN_REQUEST
from services.auth import grants, rules
from services.auth.models.accounts import Account
from services.auth.models.upgrades import UpgradeRequest

ROW_COLUMNS = (
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


def request(session: Session, actor: Actor, command: RequestUpgrade) -> UpgradeRequest:
    """Request a role."""
    rules.check_request(role=command.role, licence_number=command.licence_number, specialization=command.specialization)
    account = _locked(session, actor.person)
    if command.role in grants.roles_of(session, account.id):
        raise ALREADY_GRANTED()
    asked = UpgradeRequest(
        id=uuid7(),
        user_id=account.id,
        role=command.role,
        status=UpgradeStatus.PENDING,
        licence_number=command.licence_number,
        specialization=command.specialization,
        statement=command.statement,
        created_at=clock.now(),
    )
    with refusing(session, {"uq_upgrade_request_user_id_role": ALREADY_PENDING}):
        session.add(asked)
    session.publish(UpgradeRequested(request_id=asked.id, user_id=asked.user_id, role=command.role))
    return asked


def _locked(session: Session, user_id: UUID) -> Account:
    """The account, locked, so that its roles cannot change before the commit."""
    account = session.get(Account, user_id, with_for_update=True)
    if account is None or account.status == AccountStatus.ERASED:
        raise TOKEN_INVALID()
    return account


def withdraw(session: Session, actor: Actor, command: WithdrawUpgrade) -> UpgradeRequest:
    """Withdraw a request of the caller."""
    asked = session.get(UpgradeRequest, command.request_id, with_for_update=True)
    if asked is None or asked.user_id != actor.person:
        raise NO_SUCH_REQUEST()
    asked.withdraw(actor.person, clock.now())
    return asked


def list_own(session: Session, actor: Actor, query: ListMyUpgradeRequests) -> Page:
    """The caller's requests, newest first."""
    statement = select(*ROW_COLUMNS).where(UpgradeRequest.user_id == actor.person)
    return page(session, statement, NEWEST, limit=query.limit, cursor=query.cursor)


def listing(session: Session, _actor: Actor, query: ListUpgradeRequests) -> Page:
    """All requests with this status, newest first, with name and address of the person. For admins only."""
    statement = select(*ROW_COLUMNS, Account.email, Account.name).join(Account, Account.id == UpgradeRequest.user_id)
    return page(
        session, statement.where(UpgradeRequest.status == query.status), NEWEST, limit=query.limit, cursor=query.cursor
    )


def decide(session: Session, actor: Actor, command: DecideUpgrade) -> UpgradeRequest:
    """Approve a request, which grants the role, or reject it.

    Admins cannot decide about their own requests. The audit names the person as the record.
    """
    rules.check_reason(decision=command.decision, reason=command.reason)
    asked = session.get(UpgradeRequest, command.request_id, with_for_update=True)
    if asked is None:
        raise NO_SUCH_REQUEST()
    if asked.user_id == actor.person:
        raise OWN_REQUEST()
    details = {
        "request_id": str(asked.id),
        "decision": command.decision,
        "granted": [asked.role] * (command.decision == "approve"),
    }
    session.note(record_id=asked.user_id, details=details)
    if command.decision == "approve":
        _approve(session, actor, asked, command.reason)
    else:
        asked.reject(actor.person, clock.now(), command.reason or "")
        _publish_decided(session, asked, command.decision)
    return asked


def _approve(session: Session, actor: Actor, asked: UpgradeRequest, reason: str | None) -> None:
    account = _locked(session, asked.user_id)
    asked.approve(actor.person, clock.now(), reason)
    account.must_be_active()
    grants.grant_role(session, account, asked.role, by=actor.person, specialization=asked.specialization)
    account.changed()
    _publish_decided(session, asked, "approve")
    grants.publish_approved(session, account, asked.role, specialization=asked.specialization)


def _publish_decided(session: Session, asked: UpgradeRequest, decision: Literal["approve", "reject"]) -> None:
    event = UpgradeDecided(request_id=asked.id, user_id=asked.user_id, role=asked.role, decision=decision)
    session.publish(event)
