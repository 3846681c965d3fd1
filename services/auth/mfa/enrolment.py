"""Enrolment of a second factor: set up, replace, renew recovery codes, remove."""

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
    MfaSecretView,
    RecoveryCodesView,
    RenewRecoveryCodes,
    StartMfa,
)
from contracts.auth.outcomes import Outcome, StatusView
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
    right: bool,  # noqa: FBT001  the outcome of the previous step
    command: StartMfa,
) -> MfaSecretView | Refused:
    """Return a new secret. It takes effect when confirmed, and replaces an unconfirmed secret.

    To replace a confirmed factor, the caller sends a code of it. That factor stays valid until the confirmation.
    """
    account = logins.check_password(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    factor, secret = session.get(SecondFactor, account.id), mfa.new_secret()
    if factor is not None and factor.confirmed_at is not None:
        return _replace(session, account, factor, secret, command.code)
    if factor is None:
        factor = SecondFactor(user_id=account.id)
        session.add(factor)
    factor.secret, factor.created_at, factor.last_step = encryption.encrypted(secret), clock.now(), None
    return _secret_view(account, secret)


def _replace(
    session: Session, account: Account, factor: SecondFactor, secret: str, code: str | None
) -> MfaSecretView | Refused:
    """Return a secret for another device, for a code of the current factor or a recovery code."""
    if code is None:
        raise MFA_ENABLED()
    if not mfa.use(session, account.id, code):
        return _refuse_code(session, account)
    factor.replacement = encryption.encrypted(secret)
    return _secret_view(account, secret)


def _refuse_code(session: Session, account: Account) -> Refused:
    errors = {"code": ["Not the app's current code, or already used."]}
    return logins.count_failure(session, account, CODE_WRONG(errors=errors))


def _secret_view(account: Account, secret: str) -> MfaSecretView:
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER)
    return MfaSecretView(secret=secret, otpauth_uri=uri, qr_code=segno.make_qr(uri).svg_data_uri(scale=4))


def confirm(session: Session, actor: Actor, command: ConfirmMfa) -> RecoveryCodesView | Refused:
    """Confirm the secret: logins then require a code.

    Returns new recovery codes. All other sessions end.
    """
    account = logins.lock_own_account(session, actor)
    session.note(record_id=account.id)
    factor = session.get(SecondFactor, account.id)
    if factor is None:
        raise MFA_NOT_STARTED()
    if factor.confirmed_at is not None and factor.replacement is None:
        raise MFA_ENABLED()
    if not mfa.confirm(factor, command.code):
        return _refuse_code(session, account)
    codes = mfa.new_recovery_codes(session, account.id)
    account.changed()
    _publish_changed(session, actor, account, Credential.MFA_ENABLED)
    return RecoveryCodesView(recovery_codes=codes)


def _enrolled_account(session: Session, actor: Actor, candidate: Candidate, right: bool) -> Account | Refused:  # noqa: FBT001  the outcome of the previous step
    """The caller's account, locked, if the password was right. Refused with `mfa_not_enabled` without a factor."""
    account = logins.check_password(session, actor, candidate, right)
    if not isinstance(account, Refused) and not mfa.is_enabled(session, account.id):
        raise MFA_NOT_ENABLED()
    return account


def renew_codes(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the previous step
    command: RenewRecoveryCodes,
) -> RecoveryCodesView | Refused:
    """Replace the recovery codes by ten new codes. The owner gets a mail."""
    account = _enrolled_account(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    if not mfa.use(session, account.id, command.code):
        return _refuse_code(session, account)
    _mail_owner(session, account, Credential.RECOVERY_CODES)
    return RecoveryCodesView(recovery_codes=mfa.new_recovery_codes(session, account.id))


def end(
    session: Session,
    actor: Actor,
    candidate: Candidate,
    right: bool,  # noqa: FBT001  the outcome of the previous step
    _command: EndMfa,
) -> StatusView | Refused:
    """Remove the second factor. All other sessions end."""
    account = _enrolled_account(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    if mfa.is_required(grants.roles_of(session, account.id)):
        raise _required(account)
    mfa.reset(session, account.id)
    account.changed()
    _publish_changed(session, actor, account, Credential.MFA_DISABLED)
    return StatusView(status=Outcome.DISABLED)


def _required(account: Account) -> Conflict:
    """The refusal when a role requires the factor. The audit names the account."""
    refusal = MFA_REQUIRED()
    refusal.noted = {"record_id": account.id}
    return refusal


def _publish_changed(session: Session, actor: Actor, account: Account, what: Credential) -> None:
    """End the other sessions (ASVS 5, 7.4.3), and mail the owner."""
    sessions.end_all(session, account.id, but=actor.session_id)
    _mail_owner(session, account, what)


def _mail_owner(session: Session, account: Account, what: Credential) -> None:
    changed = CredentialsChanged(user_id=account.id, email=account.email, name=account.name, what=what)
    session.publish(changed)
