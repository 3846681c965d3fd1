"""Invitations: an account for a patient whom the desk has registered, with the same id."""

from uuid import UUID

from chassis.database import Session
from chassis.errors import Conflict, NotFound, NotYet
from chassis.identity import Actor
from services.auth import accounts, mailed
from services.auth.models import Account, DeskPatient


def invite(session: Session, actor: Actor, *, patient_id: UUID, email: str) -> dict[str, str]:
    """Mail a link with which the patient sets a password, and so opens the account. Again sends another one.

    NotFound: `not_found`. Conflict: `email_taken`, `has_account`. TooMany: `mails_used_up`; the last link stays.
    """
    session.note(record_id=patient_id)
    desk = session.get(DeskPatient, patient_id, with_for_update=True)
    account = session.get(Account, patient_id, with_for_update=True)
    if account is None:
        account = _opened(session, actor, desk, email)
    else:
        _correct(session, account, email)
    seconds = mailed.wait(session, account, "invite")
    if seconds:
        raise mailed.used_up(seconds)
    mailed.issue(session, account, "invite")
    return {"status": "invited"}


def _opened(session: Session, actor: Actor, desk: DeskPatient | None, email: str) -> Account:
    """The account of a patient of the desk, of whom no copy is needed from now on.

    Of one who was registered a moment ago auth may hear a moment later.
    """
    if desk is None:
        raise NotYet("not_found", "There is no such patient.")
    account = accounts.open_invited(session, actor, desk, email=email)
    session.delete(desk)
    return account


def _correct(session: Session, account: Account, email: str) -> None:
    """Write the address of somebody invited before, if it is another one; the link to the earlier one ends."""
    if account.status == "erased":
        raise NotFound("not_found", "There is no such patient.")
    if account.password_hash or account.status != "pending_verification":
        raise Conflict("has_account", "This patient has an account already.")
    if account.email != email:
        accounts.set_address(session, account, email)
