"""Setting up a second factor, replacing it, its recovery codes, and doing without it again."""

from typing import Any

import pyotp
import segno

from chassis import clock
from chassis.errors import Conflict
from chassis.execution.run import Refused
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import Credential, CredentialsChanged
from contracts.auth.mfa import (
    CODE_WRONG,
    MFA_ENABLED,
    MFA_NOT_STARTED,
    MFA_REQUIRED,
    ConfirmMfa,
    EndMfa,
    RenewRecoveryCodes,
    StartMfa,
)
from contracts.auth.refusals import MFA_NOT_ENABLED
from services.auth import encryption, grants
from services.auth.mfa import codes as mfa
from services.auth.models.accounts import Account
from services.auth.models.mfa import SecondFactor
from services.auth.sessions import commands as sessions
from services.auth.sessions import logins
from services.auth.sessions.logins import Candidate

ISSUER = "Matron"


def start(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the step before
    command: StartMfa,
) -> dict[str, str] | Refused:
    """Give the person a secret, which counts once it is confirmed; it takes the place of one that was not.

    Whoever signs in with a factor already gives a code of it, and goes on with it until the new one is confirmed.
    """
    account = logins.confirmed(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    factor, secret = session.get(SecondFactor, account.id), mfa.new_secret()
    if factor is not None and factor.confirmed_at is not None:
        return _replace(session, account, factor, secret, command.code)
    if factor is None:
        factor = SecondFactor(user_id=account.id)
        session.add(factor)
    factor.secret, factor.created_at, factor.last_step = encryption.encrypted(secret), clock.now(), None
    return _shown(account, secret)


def _replace(
    session: Session, account: Account, factor: SecondFactor, secret: str, code: str | None
) -> dict[str, str] | Refused:
    """Give somebody a secret for another device, who has shown that they have the present one, or a recovery code."""
    if code is None:
        raise MFA_ENABLED()
    if not mfa.take(session, account.id, code):
        return _wrong(session, account)
    factor.replacement = encryption.encrypted(secret)
    return _shown(account, secret)


def _wrong(session: Session, account: Account) -> Refused:
    errors = {"code": ["Not the code that the app should show now, or used before."]}
    return logins.failed(session, account, CODE_WRONG(errors=errors))


def _shown(account: Account, secret: str) -> dict[str, str]:
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER)
    return {"secret": secret, "otpauth_uri": uri, "qr_code": segno.make_qr(uri).svg_data_uri(scale=4)}


def confirm(session: Session, actor: Actor, command: ConfirmMfa) -> dict[str, Any] | Refused:
    """From now on signing in takes a code of this secret.

    New recovery codes are shown, and every other session ends.
    """
    account = logins.guarded(session, actor)
    session.note(record_id=account.id)
    factor = session.get(SecondFactor, account.id)
    if factor is None:
        raise MFA_NOT_STARTED()
    if factor.confirmed_at is not None and factor.replacement is None:
        raise MFA_ENABLED()
    if not mfa.confirm(factor, command.code):
        return _wrong(session, account)
    codes = mfa.new_recovery_codes(session, account.id)
    account.changed()
    _say_changed(session, actor, account, Credential.MFA_ENABLED)
    return {"recovery_codes": codes}


def renew_codes(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the step before
    command: RenewRecoveryCodes,
) -> dict[str, Any] | Refused:
    """Ten new recovery codes in place of those that are left. The owner is told."""
    account = logins.confirmed(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    if not mfa.is_enabled(session, account.id):
        raise MFA_NOT_ENABLED()
    if not mfa.take(session, account.id, command.code):
        return _wrong(session, account)
    _tell(session, account, Credential.RECOVERY_CODES)
    return {"recovery_codes": mfa.new_recovery_codes(session, account.id)}


def end(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the step before
    _command: EndMfa,
) -> dict[str, str] | Refused:
    """Sign in without a code again. Every other session ends."""
    account = logins.confirmed(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    if not mfa.is_enabled(session, account.id):
        raise MFA_NOT_ENABLED()
    if mfa.is_required(grants.roles_of(session, account.id)):
        raise _required(account)
    mfa.reset(session, account.id)
    account.changed()
    _say_changed(session, actor, account, Credential.MFA_DISABLED)
    return {"status": "disabled"}


def _required(account: Account) -> Conflict:
    """The factor has to stay. The audit says who would have done without it."""
    refusal = MFA_REQUIRED()
    refusal.noted = {"record_id": account.id}
    return refusal


def _say_changed(session: Session, actor: Actor, account: Account, what: Credential) -> None:
    """End the sessions that were opened under other terms (ASVS 5, 7.4.3), and have the owner told."""
    sessions.end_all(session, account.id, but=actor.session_id)
    _tell(session, account, what)


def _tell(session: Session, account: Account, what: Credential) -> None:
    changed = CredentialsChanged(user_id=account.id, email=account.email, name=account.name, what=what)
    session.publish(changed)
