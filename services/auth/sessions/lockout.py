"""Lockout: ten failed logins in 15 minutes lock an address, with or without an account.

A stranger can lock an address by guessing. Two separate counters protect the owner, each with ten more attempts:
- Attempts from the network where the owner just set a password with a mailed link.
- Attempts of a signed-in person, counted by account, so that the owner can always change the password.
"""

import math
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from chassis import clock
from chassis.errors import MatronError
from chassis.execution.run import Refused
from chassis.persistence.database import Session
from contracts.auth.refusals import LOCKED
from services.auth import rules
from services.auth.models.accounts import Account
from services.auth.models.logins import LoginFailure, OneTimeToken

OWN_FOR = timedelta(hours=1)
"""The time that a network counts as the owner's after the owner set a password there."""


def counter_of(session: Session, email_key: str) -> str:
    """The counter of an attempt for this address: the common counter, or that of the owner's own network.

    The query is the same for an address without an account, so that the time reveals nothing.
    """
    network = rules.network(session.call.address)
    used_here = (OneTimeToken.used_from == network) & (OneTimeToken.used_at > clock.now() - OWN_FOR)
    query = select(OneTimeToken.digest).join(Account, Account.id == OneTimeToken.user_id)
    is_own = session.scalar(select(query.where(Account.email_key == email_key, used_here).exists()))
    return _own_counter(email_key, network) if is_own else rules.digest(email_key)


def _own_counter(email_key: str, network: str) -> str:
    return rules.digest(f"{email_key}\0{network}")  # No contract accepts a NUL, so no typed address has this digest.


def counter_of_owner(user_id: UUID) -> str:
    """The counter of a signed-in person who changes their credentials."""
    return rules.digest(f"\0{user_id}")  # Not an address, as in `_own_counter`.


def check(session: Session, count: str, person_id: UUID | None) -> None:
    """Refuse with `locked` after too many failures. The audit names the person, if there is one."""
    query = select(LoginFailure.at).where(LoginFailure.email_digest == count).order_by(LoginFailure.at.desc())
    until, now = rules.locked_until(session.scalars(query.limit(rules.FAILURES)).all()), clock.now()
    if until is not None and until > now:
        wait = math.ceil((until - now).total_seconds())
        refusal = LOCKED(retry_after=wait)
        refusal.noted = {"record_id": person_id}
        raise refusal


def guard(session: Session, count: str, person_id: UUID | None) -> None:
    """Check the lock under an advisory lock, so that attempts wait for each other."""
    session.lock(int(count[:15], 16))
    check(session, count, person_id)


def count_failure(session: Session, count: str, error: MatronError) -> Refused:
    """Count a failure, and refuse."""
    session.add(LoginFailure(email_digest=count, at=clock.now()))
    return Refused(error)


def reset(session: Session, count: str) -> None:
    """Reset a counter after a successful login."""
    session.execute(delete(LoginFailure).where(LoginFailure.email_digest == count))


def unlock_for_owner(session: Session, account: Account, used: OneTimeToken) -> None:
    """Unlock the account after its owner set a password with this token, and mark the owner's network."""
    network = rules.network(session.call.address)
    used.used_from = network or None
    for count in _counters(account.id, account.email_key, [network]):
        reset(session, count)


def delete_all(session: Session, user_id: UUID, email_key: str) -> None:
    """Delete all failed logins of an account, including those from the owner's own networks."""
    own = select(OneTimeToken.used_from).where(OneTimeToken.user_id == user_id, OneTimeToken.used_from.is_not(None))
    counts = _counters(user_id, email_key, [network for network in session.scalars(own) if network])
    session.execute(delete(LoginFailure).where(LoginFailure.email_digest.in_(counts)))


def _counters(user_id: UUID, email_key: str, networks: Iterable[str]) -> list[str]:
    """The counters of an account."""
    own = [_own_counter(email_key, network) for network in networks]
    return [rules.digest(email_key), counter_of_owner(user_id), *own]
