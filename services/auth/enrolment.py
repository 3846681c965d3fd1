"""Setting up a second factor, and doing without it again."""

from typing import Any

import pyotp
import segno

from chassis import clock
from chassis.database import Session
from chassis.errors import Conflict, Invalid
from chassis.execution import Refused
from chassis.identity import Actor
from contracts.auth import CredentialsChanged
from services.auth import grants, logins, mfa, secrets, sessions
from services.auth.logins import Candidate
from services.auth.models import Account, SecondFactor

ISSUER = "Matron"


def start(session: Session, actor: Actor, candidate: Candidate, right: bool) -> dict[str, str] | Refused:  # noqa: FBT001
    """Give the person a secret, which counts once it is confirmed; it takes the place of one that was not.

    Refused: `password_wrong`. TooMany: `locked`. Conflict: `mfa_enabled`.
    """
    account = logins.confirmed(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    factor, secret = session.get(SecondFactor, account.id), mfa.new_secret()
    if factor is None:
        factor = SecondFactor(user_id=account.id)
        session.add(factor)
    _must_be_unconfirmed(factor)
    factor.secret, factor.created_at, factor.last_step = secrets.encrypted(secret), clock.now(), None
    return _shown(account, secret)


def _must_be_unconfirmed(factor: SecondFactor) -> None:
    if factor.confirmed_at is not None:
        raise Conflict("mfa_enabled", "You sign in with a second factor already.")


def _shown(account: Account, secret: str) -> dict[str, str]:
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER)
    return {"secret": secret, "otpauth_uri": uri, "qr_code": segno.make_qr(uri).svg_data_uri(scale=4)}


def confirm(session: Session, actor: Actor, *, code: str) -> dict[str, Any] | Refused:
    """From now on signing in takes a code. The recovery codes are shown, and every other session ends.

    Refused: `code_wrong`. TooMany: `locked`. Conflict: `mfa_enabled`, `mfa_not_started`.
    """
    account = logins.guarded(session, actor.person)
    session.note(record_id=account.id)
    factor = session.get(SecondFactor, account.id)
    if factor is None:
        raise Conflict("mfa_not_started", "Ask for a secret first.")
    _must_be_unconfirmed(factor)
    if not mfa.take_step(factor, code):
        errors = {"code": ["Not the code that the app should show now."]}
        return logins.failed(session, account, Invalid("code_wrong", "The code is wrong.", {"errors": errors}))
    factor.confirmed_at = clock.now()
    codes = mfa.new_recovery_codes(session, account.id)
    _say_changed(session, actor, account, "mfa_enabled")
    return {"recovery_codes": codes}


def end(session: Session, actor: Actor, candidate: Candidate, right: bool) -> dict[str, str] | Refused:  # noqa: FBT001
    """Sign in without a code again. Every other session ends.

    Refused: `password_wrong`. TooMany: `locked`. Conflict: `mfa_not_enabled`, `mfa_required`.
    """
    account = logins.confirmed(session, actor, candidate, right)
    if isinstance(account, Refused):
        return account
    if not mfa.is_enabled(session, account.id):
        raise Conflict("mfa_not_enabled", "There is no second factor.")
    if mfa.is_required(grants.roles_of(session, account.id)):
        raise Conflict("mfa_required", "One of your roles requires a second factor.")
    mfa.reset(session, account.id)
    _say_changed(session, actor, account, "mfa_disabled")
    return {"status": "disabled"}


def _say_changed(session: Session, actor: Actor, account: Account, what: str) -> None:
    """End the sessions that were opened under other terms (ASVS 5, 7.4.3), and have the owner told."""
    sessions.end_all(session, account.id, but=actor.session_id)
    changed = CredentialsChanged(user_id=account.id, email=account.email, name=account.name, what=what)
    session.publish(changed)
