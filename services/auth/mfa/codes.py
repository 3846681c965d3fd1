"""The second factor: codes that an app computes from a shared secret and the time (TOTP, RFC 6238), or recovery codes.

Whoever calls `take`, or changes a factor, holds the account locked: one code is looked at at a time.
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
"""Of the one-time tokens that lead to the second step of signing in."""
STEP_SECONDS = 30
STEPS_OFF = 1
"""How far the device's clock may be off, either way (RFC 6238, section 5.2)."""
SECRET_LENGTH = 32
"""Letters of base 32: 160 bits, as RFC 4226 recommends in section 4."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 15
"""120 bits: from 112 on a plain digest may be stored (ASVS 5, 6.5.2)."""
GROUP = 4
"""Letters of a recovery code that are shown together."""


def is_enabled(session: Session, user_id: UUID) -> bool:
    """Whether the person signs in with a second factor."""
    confirmed = (SecondFactor.user_id == user_id) & SecondFactor.confirmed_at.is_not(None)
    return bool(session.scalar(select(exists().where(confirmed))))


def is_due(session: Session, user_id: UUID, roles: Iterable[str]) -> bool:
    """Whether one of the roles requires a second factor that the person has still to set up."""
    return is_required(roles) and not is_enabled(session, user_id)


def is_required(roles: Iterable[str]) -> bool:
    """Whether one of the roles requires a second factor."""
    return not config.current().mfa_required_roles.isdisjoint(roles)


def new_secret() -> str:
    """A secret that nobody has, in base 32."""
    return pyotp.random_base32(SECRET_LENGTH)


def take(session: Session, user_id: UUID, code: str) -> bool:
    """Whether the code of the app, or the recovery code, is right; it counts as used then."""
    factor = session.get(SecondFactor, user_id)
    if factor is None or factor.confirmed_at is None:
        return False
    return take_step(factor, code) or _take_recovery(session, user_id, code)


def take_step(factor: SecondFactor, code: str) -> bool:
    """Whether it is the code of a time step after the last one that was taken; that step counts as taken then."""
    step = _step_of(factor.secret, code, after=factor.last_step or 0)
    factor.last_step = step or factor.last_step
    return step is not None


def confirm(factor: SecondFactor, code: str) -> bool:
    """Whether it is a code of the secret that waits to be confirmed, which counts from now on, and alone."""
    secret = factor.replacement or factor.secret
    step = _step_of(secret, code, after=0)
    if step is None:
        return False
    factor.secret, factor.replacement, factor.last_step, factor.confirmed_at = secret, None, step, clock.now()
    return True


def _step_of(secret: bytes, code: str, *, after: int) -> int | None:
    """The time step of which this is the code, if it is one of those that count now; the latest of several."""
    totp, now = pyotp.TOTP(stored_secrets.decrypted(secret)), int(clock.now().timestamp()) // STEP_SECONDS
    steps, given = range(max(now - STEPS_OFF, after + 1), now + STEPS_OFF + 1), _plain(code).encode()
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
    return max(right, default=None)


def _plain(code: str) -> str:
    """A code without what people put between its groups."""
    return "".join(code.split()).replace("-", "").lower()


def _take_recovery(session: Session, user_id: UUID, code: str) -> bool:
    mine = (RecoveryCode.digest == rules.digest(_plain(code))) & (RecoveryCode.user_id == user_id)
    use = update(RecoveryCode).where(mine, RecoveryCode.used_at.is_(None)).values(used_at=clock.now())
    return session.execute(use.returning(RecoveryCode.digest)).first() is not None


def new_recovery_codes(session: Session, user_id: UUID) -> list[str]:
    """Ten codes, such as `abcd-efgh-ijkl-mnop-qrst-uvwx`, in place of earlier ones; only their digests are kept."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    raw = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(digest=rules.digest(code), user_id=user_id) for code in raw)
    return ["-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)) for code in raw]


def reset(session: Session, user_id: UUID) -> bool:
    """Take a person's second factor and recovery codes away; whether there was a factor, confirmed or not."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    gone = delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor.confirmed_at)
    return session.execute(gone).first() is not None
