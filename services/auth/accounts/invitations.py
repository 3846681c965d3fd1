"""Invitations: an account with the same id for a patient without an account."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import HAS_ACCOUNT, InvitePatient
from contracts.auth.accounts.commands import AccountStatus
from contracts.auth.events import TokenPurpose
from contracts.auth.outcomes import Outcome, StatusView
from contracts.refusals import NO_SUCH_PATIENT
from services.auth import mail_tokens
from services.auth.accounts import commands as accounts
from services.auth.models.accounts import Account
from services.auth.models.patients import DeskPatient


def invite(session: Session, actor: Actor, command: InvitePatient) -> StatusView:
    """Mail a link with which the patient sets a password. A repeated invitation sends a new link."""
    session.note(record_id=command.patient_id)
    desk = session.get(DeskPatient, command.patient_id, with_for_update=True)
    account = session.get(Account, command.patient_id, with_for_update=True)
    if account is None:
        account = _opened(session, actor, desk, command.email)
    else:
        _correct(session, account, command.email)
    seconds = mail_tokens.seconds_to_wait(session, account, TokenPurpose.INVITE)
    if seconds:
        raise mail_tokens.mails_used_up(seconds)
    mail_tokens.issue(session, account, TokenPurpose.INVITE)
    return StatusView(status=Outcome.INVITED)


def _opened(session: Session, actor: Actor, desk: DeskPatient | None, email: str) -> Account:
    """Create the account and delete the copy of the patient.

    The event about a patient who was just registered may arrive a moment later.
    """
    if desk is None:
        raise NO_SUCH_PATIENT.not_yet()
    account = accounts.create_invited(session, actor, desk, email=email)
    session.delete(desk)
    return account


def _correct(session: Session, account: Account, email: str) -> None:
    """Correct the address of an earlier invitation. The link to the earlier address expires."""
    if account.status == AccountStatus.ERASED:
        raise NO_SUCH_PATIENT()
    if account.password_hash or account.status != AccountStatus.PENDING_VERIFICATION:
        raise HAS_ACCOUNT()
    if account.email != email:
        accounts.set_address(session, account, email)
