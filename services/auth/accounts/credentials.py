"""Changes of credentials: reset and change of the password, and the address.

A new password ends sessions, links, pending new addresses and second steps of login.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import exists, select

from chassis import clock
from chassis.execution.run import Refused
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.accounts.commands import ChangeEmail, ChangePassword, ResetPassword
from contracts.auth.events import Credential, CredentialsChanged, TokenPurpose, UserVerified
from contracts.auth.outcomes import Outcome, StatusView
from contracts.auth.refusals import EMAIL_TAKEN
from services.auth import mail_tokens, rules
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.sessions import commands as sessions
from services.auth.sessions import lockout, logins
from services.auth.sessions.logins import Candidate

RESETS = (TokenPurpose.RESET, TokenPurpose.INVITE)


class Owner(NamedTuple):
    """The candidate of a comparison, with the facts that a new password must not resemble."""

    candidate: Candidate
    known: tuple[str, str]


def prepare_reset(session: Session, _actor: Actor, command: ResetPassword) -> dict[str, str]:
    """Find the owner of the token, and the facts that a new password must not resemble."""
    account = mail_tokens.owner_of(session, command.token, *RESETS)
    _check_reset(account, account.email)
    return {"user_id": str(account.id), "email": account.email, "name": account.name}


def _check_reset(account: Account, mailed_to: str) -> None:
    """Refuse with `token_not_valid` if the account may not log in, or the mail went to an earlier address."""
    if not account.may_sign_in or mailed_to != account.email:
        raise mail_tokens.not_valid(account.id)


def reset(
    session: Session, _actor: Actor, _plan: Mapping[str, str], password_hash: str, command: ResetPassword
) -> StatusView:
    """Set the password of the owner who got the mail, and verify the address.

    The owner can log in at once, even if wrong guesses have locked the address.
    """
    kept = mail_tokens.redeem(session, command.token, *RESETS)
    account = session.get_one(Account, kept.user_id, with_for_update=True)
    _check_reset(account, kept.email or account.email)
    session.note(actor_id=account.id, record_id=account.id)
    _set_password(session, account, password_hash)
    sessions.end_all(session, account.id)
    lockout.unlock_for_owner(session, account, kept)
    if not account.is_verified:
        _verify_first(session, account)
    return StatusView(status=Outcome.PASSWORD_SET)


def _verify_first(session: Session, account: Account) -> None:
    """Verify the address for the first time. Remove a second factor, because a stranger may have set it up."""
    mfa.reset(session, account.id)
    account.verify(clock.now())
    session.publish(UserVerified(user_id=account.id))


def _set_password(session: Session, account: Account, password_hash: str) -> None:
    account.password_hash = password_hash
    mail_tokens.end_all(session, account)
    session.publish(
        CredentialsChanged(user_id=account.id, email=account.email, name=account.name, what=Credential.PASSWORD)
    )


def prepare_change(session: Session, actor: Actor, _command: ChangePassword) -> Owner:
    """The caller as the candidate of the comparison."""
    candidate = logins.own_candidate(session, actor)
    account = session.get_one(Account, candidate.user_id)
    return Owner(candidate, (account.email, account.name))


def change_password(
    session: Session, actor: Actor, owner: Owner, outcome: tuple[bool, str | None], _command: ChangePassword
) -> StatusView | Refused:
    """Set the caller's password. All other sessions end."""
    right, password_hash = outcome
    account = logins.check_password(session, actor, owner.candidate, right)
    if isinstance(account, Refused):
        return account
    assert password_hash is not None  # noqa: S101  the hash exists when the password was right
    _set_password(session, account, password_hash)
    sessions.end_all(session, account.id, but=actor.session_id)
    return StatusView(status=Outcome.PASSWORD_SET)


def change_email(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the step before
    command: ChangeEmail,
) -> StatusView | Refused:
    """Mail a link to a new address. The address takes effect when the link is used.

    An earlier pending address is cancelled, even if the new address is refused.
    """
    account = logins.check_password(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    mail_tokens.end_pending_address(session, account)
    taken = (Account.email_key == rules.email_key(command.email)) & (Account.id != account.id)
    if session.scalar(select(exists().where(taken))):
        return Refused(EMAIL_TAKEN())
    seconds = mail_tokens.seconds_to_wait(session, account, TokenPurpose.VERIFY)
    if seconds:
        return Refused(mail_tokens.mails_used_up(seconds))
    mail_tokens.issue(session, account, TokenPurpose.VERIFY, email=command.email)
    return StatusView(status=Outcome.MAIL_SENT)
