"""Locks: failed tries are counted, and ten in 15 minutes lock an address, whether it has an account or not.

Anybody can lock somebody's address by guessing. So tries from the network in which the owner has just set a password
with a mailed link are counted apart: guesses from elsewhere do not keep the owner out, and there are ten tries more at
most, for those in that network. Those of somebody who is signed in are counted by the account: whoever guesses from
outside cannot keep them from changing their password, and there are ten tries more for who holds a session.
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
"""How long a network is the owner's own after a password was set in it."""


def count_of(session: Session, email_key: str) -> str:
    """Where a try for this address is counted: with everybody's, or with those from the owner's own network.

    The same is asked for an address without account, so that the time tells nobody.
    """
    network = rules.network(session.call.address)
    used_here = (OneTimeToken.used_from == network) & (OneTimeToken.used_at > clock.now() - OWN_FOR)
    query = select(OneTimeToken.digest).join(Account, Account.id == OneTimeToken.user_id)
    is_own = session.scalar(select(query.where(Account.email_key == email_key, used_here).exists()))
    return _own_count(email_key, network) if is_own else rules.digest(email_key)


def _own_count(email_key: str, network: str) -> str:
    return rules.digest(f"{email_key}\0{network}")  # No contract takes a NUL, so nobody types this as an address.


def count_of_owner(user_id: UUID) -> str:
    """Where the tries of somebody who is signed in are counted, to change what they sign in with."""
    return rules.digest(f"\0{user_id}")  # Nobody's address, as below.


def check(session: Session, count: str, person_id: UUID | None) -> None:
    """TooMany `locked` after too many failures; it is audited as about the person, if there is one."""
    query = select(LoginFailure.at).where(LoginFailure.email_digest == count).order_by(LoginFailure.at.desc())
    until, now = rules.locked_until(session.scalars(query.limit(rules.FAILURES)).all()), clock.now()
    if until is not None and until > now:
        wait = math.ceil((until - now).total_seconds())
        refusal = LOCKED(retry_after=wait)
        refusal.noted = {"record_id": person_id}
        raise refusal


def guard(session: Session, count: str, person_id: UUID | None) -> None:
    """Let one try at a time be looked at."""
    session.lock(int(count[:15], 16))
    check(session, count, person_id)


def failed(session: Session, count: str, error: MatronError) -> Refused:
    """Count a failure, and refuse."""
    session.add(LoginFailure(email_digest=count, at=clock.now()))
    return Refused(error)


def forget(session: Session, count: str) -> None:
    """Somebody has got in: what failed before does not count any more."""
    session.execute(delete(LoginFailure).where(LoginFailure.email_digest == count))


def open_for_owner(session: Session, account: Account, used: OneTimeToken) -> None:
    """Let the owner in at once who has set a password with this token, and here whatever is guessed elsewhere."""
    network = rules.network(session.call.address)
    used.used_from = network or None
    for count in _counts(account.id, account.email_key, [network]):
        forget(session, count)


def forget_all(session: Session, user_id: UUID, email_key: str) -> None:
    """Drop every failed try of an account that has had this address, also those from its owner's own networks."""
    own = select(OneTimeToken.used_from).where(OneTimeToken.user_id == user_id, OneTimeToken.used_from.is_not(None))
    counts = _counts(user_id, email_key, [network for network in session.scalars(own) if network])
    session.execute(delete(LoginFailure).where(LoginFailure.email_digest.in_(counts)))


def _counts(user_id: UUID, email_key: str, networks: Iterable[str]) -> list[str]:
    """Where the tries of one account are counted."""
    own = [_own_count(email_key, network) for network in networks]
    return [rules.digest(email_key), count_of_owner(user_id), *own]
