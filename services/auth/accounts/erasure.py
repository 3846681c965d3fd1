"""Erasure of an account: personal data are removed, and the id stays as the author of earlier records."""

from uuid import UUID

from sqlalchemy import delete, select, update

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from contracts.auth.accounts.administration import EraseUser
from contracts.auth.events import UserErased
from contracts.auth.outcomes import Outcome, StatusView
from contracts.auth.refusals import NO_SUCH_ACCOUNT
from contracts.auth.upgrades import UpgradeStatus
from services.auth import grants, rules
from services.auth.accounts import commands as accounts
from services.auth.accounts.administration import ADMINS
from services.auth.directory import open_appointments
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant
from services.auth.models.logins import OneTimeToken
from services.auth.models.patients import DeskPatient
from services.auth.models.sessions import LoginSession, RefreshToken
from services.auth.models.upgrades import UpgradeRequest
from services.auth.sessions import commands as sessions
from services.auth.sessions import lockout

EVENTS_WITH_NAMES = ("doctor_approved",)
"""Public events that carry a name: doctors are public in the directory."""


def erase(session: Session, actor: Actor, command: EraseUser) -> StatusView:
    """Remove personal data and credentials, and publish the erasure.

    A patient without an account gets an erased account, so that no invitation or late event restores the patient.
    """
    account = _locked(session, command.user_id)
    grants.must_leave_an_admin(session, account)
    address = account.email_key
    account.erase()
    open_appointments.check_handover(session, account, command.reassign_to)
    _clear_requests(session, actor, account.id)
    _delete_credentials(session, account.id, address)
    grants.publish_admin(session, account)
    _end_roles(session, actor, account.id)
    erase_traces(session, account.id, rules.digest(address), public=EVENTS_WITH_NAMES)
    session.publish(UserErased(user_id=account.id, reassign_to=command.reassign_to))
    session.note(record_id=account.id)
    return StatusView(status=Outcome.ERASED)


def _locked(session: Session, user_id: UUID) -> Account:
    """The account, under the admins' lock, or a new empty account for a patient without an account.

    The patient's row is locked before the account's, as in an invitation.
    """
    session.lock(ADMINS)
    desk = session.get(DeskPatient, user_id, with_for_update=True)
    account = session.get(Account, user_id, with_for_update=True)
    if account is not None:
        return account
    if desk is None:
        raise NO_SUCH_ACCOUNT.not_yet()
    return accounts.create_for_erasure(session, desk.id)


def _end_roles(session: Session, actor: Actor, user_id: UUID) -> None:
    """Revoke all roles without events: `user_erased` covers them."""
    mine = Grant.user_id == user_id
    session.execute(update(Grant).where(mine).values(specialization=None))
    in_force = mine & Grant.revoked_at.is_(None)
    session.execute(update(Grant).where(in_force).values(revoked_at=clock.now(), revoked_by=actor.person))


def _clear_requests(session: Session, actor: Actor, user_id: UUID) -> None:
    """Withdraw pending requests for roles, and clear the texts of all requests."""
    query = select(UpgradeRequest).where(UpgradeRequest.user_id == user_id).order_by(UpgradeRequest.id)
    for asked in session.scalars(query.with_for_update()):
        if asked.status == UpgradeStatus.PENDING:
            asked.withdraw(actor.person, clock.now())
        asked.statement, asked.reason = "", None
        asked.licence_number = asked.specialization = None


def _delete_credentials(session: Session, user_id: UUID, address: str) -> None:
    """End the sessions, and delete tokens, devices, network addresses and failed logins."""
    sessions.end_all(session, user_id)
    mine = select(LoginSession.id).where(LoginSession.user_id == user_id)
    session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(mine)))
    session.execute(update(LoginSession).where(LoginSession.user_id == user_id).values(address="", device=""))
    lockout.delete_all(session, user_id, address)
    session.execute(delete(OneTimeToken).where(OneTimeToken.user_id == user_id))
    session.execute(delete(DeskPatient).where(DeskPatient.id == user_id))
    mfa.reset(session, user_id)
