"""Codes of the second factor: TOTP (RFC 6238) of an app, and recovery codes.

Callers of `use` and of functions that change a factor hold the account's lock, so that attempts wait for each other.
"""

import base64
import hmac
import secrets
from collections.abc import Iterable
from uuid import UUID

import pyotp
from sqlalchemy import delete, exists, select, update

from chassis import clock, config
from chassis.persistence.database import Session
from services.auth import encryption as stored_secrets
from services.auth import rules
from services.auth.models.mfa import RecoveryCode, SecondFactor

PURPOSE = "mfa"
"""The purpose of one-time tokens for the second step of a login."""
STEP_SECONDS = 30
STEPS_OFF = 1
"""The allowed skew of the device's clock, in steps, either way (RFC 6238, section 5.2)."""
SECRET_LENGTH = 32
"""Letters in base 32: 160 bits, as recommended by RFC 4226, section 4."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 15
"""120 bits. From 112 bits on, a digest without salt is enough (ASVS 5, 6.5.2)."""
GROUP = 4
"""The number of letters in a group of a recovery code."""


def is_enabled(session: Session, user_id: UUID) -> bool:
    """Whether the person has a confirmed second factor."""
    confirmed = (SecondFactor.user_id == user_id) & SecondFactor.confirmed_at.is_not(None)
    return bool(session.scalar(select(exists().where(confirmed))))


def is_due(session: Session, user_id: UUID, roles: Iterable[str]) -> bool:
    """Whether a role requires a second factor and the person has none."""
    return is_required(roles) and not is_enabled(session, user_id)


def is_required(roles: Iterable[str]) -> bool:
    """Whether any of the roles requires a second factor."""
    return not config.current().mfa_required_roles.isdisjoint(roles)


def new_secret() -> str:
    """A new secret in base 32."""
    return pyotp.random_base32(SECRET_LENGTH)


def use(session: Session, user_id: UUID, code: str) -> bool:
    """Use a code of the app or a recovery code. Returns whether it was right."""
    factor = session.get(SecondFactor, user_id)
    if factor is None or factor.confirmed_at is None:
        return False
    return use_step(factor, code) or _use_recovery(session, user_id, code)


def use_step(factor: SecondFactor, code: str) -> bool:
    """Use a code of a time step after the last accepted step. Returns whether it was right."""
    step = _step_of(factor.secret, code, after=factor.last_step or 0)
    factor.last_step = step or factor.last_step
    return step is not None


def confirm(factor: SecondFactor, code: str) -> bool:
    """Confirm the pending secret with a code, and replace the current secret. Returns whether it was right."""
    secret = factor.replacement or factor.secret
    step = _step_of(secret, code, after=0)
    if step is None:
        return False
    factor.secret, factor.replacement, factor.last_step, factor.confirmed_at = secret, None, step, clock.now()
    return True


def _step_of(secret: bytes, code: str, *, after: int) -> int | None:
    """The latest current time step with this code, or None."""
    totp, now = pyotp.TOTP(stored_secrets.decrypted(secret)), int(clock.now().timestamp()) // STEP_SECONDS
    steps, given = range(max(now - STEPS_OFF, after + 1), now + STEPS_OFF + 1), _plain(code).encode()
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
    return max(right, default=None)


def _plain(code: str) -> str:
    """A code without separators, in lower case."""
    return "".join(code.split()).replace("-", "").lower()


def _use_recovery(session: Session, user_id: UUID, code: str) -> bool:
    mine = (RecoveryCode.digest == rules.digest(_plain(code))) & (RecoveryCode.user_id == user_id)
    use = update(RecoveryCode).where(mine, RecoveryCode.used_at.is_(None)).values(used_at=clock.now())
    return session.execute(use.returning(RecoveryCode.digest)).first() is not None


def new_recovery_codes(session: Session, user_id: UUID) -> list[str]:
    """Replace the recovery codes by ten new codes such as `abcd-efgh-ijkl-mnop-qrst-uvwx`. Stores only digests."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    raw = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(digest=rules.digest(code), user_id=user_id) for code in raw)
    return ["-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)) for code in raw]


def reset(session: Session, user_id: UUID) -> bool:
    """Delete a person's second factor and recovery codes. Returns whether there was a factor, confirmed or not."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    gone = delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor.confirmed_at)
    return session.execute(gone).first() is not None
