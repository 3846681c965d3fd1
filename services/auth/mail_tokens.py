"""Mailed links with a secret. A link works once, for a limited time, and proves that the caller reads the mailbox.

A request for a link must not reveal whether the address has an account. So the command only publishes `mail_asked`, and
its handler sends the mail after the reply.
"""

import math
import secrets
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from chassis import clock
from chassis.errors import Invalid, TooMany
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.tables import outbox, relay
from contracts.auth.accounts.commands import TOKEN_NOT_VALID, ForgotPassword, ResendVerification
from contracts.auth.events import MailAsked, MailTokenIssued, TokenPurpose
from contracts.auth.outcomes import Outcome, StatusView
from contracts.auth.refusals import MAILS_USED_UP
from services.auth import rules
from services.auth.models.accounts import Account
from services.auth.models.logins import OneTimeToken

LIVES = {
    TokenPurpose.VERIFY: timedelta(hours=24),
    TokenPurpose.RESET: timedelta(hours=1),
    TokenPurpose.INVITE: timedelta(days=7),
}
AN_HOUR = timedelta(hours=1)
MAILS_AN_HOUR = 5
"""The limit for a person and purpose, so that callers cannot flood a mailbox."""
SECRET_EVENTS = (MailTokenIssued.event_name(), MailAsked.event_name())
LOOKED_BACK = 100_000
"""The number of latest internal events that `empty_sent_events` searches for secrets each minute."""


def issue(session: Session, account: Account, purpose: TokenPurpose, *, email: str | None = None) -> None:
    """Mail a link to the account's address, or to the new address `email`. Earlier links of the purpose expire.

    The limit of mails is checked by `seconds_to_wait`, not here.
    """
    _end(session, _of_purpose(account, purpose))
    now, token, address = clock.now(), secrets.token_urlsafe(32), email or account.email
    kept = OneTimeToken(
        digest=rules.digest(token),
        user_id=account.id,
        purpose=purpose,
        email=address,
        created_at=now,
        expires_at=now + LIVES[purpose],
    )
    session.add(kept)
    _publish_link(session, account, kept, token)


def _of_purpose(account: Account, purpose: TokenPurpose) -> ColumnElement[bool]:
    return (OneTimeToken.user_id == account.id) & (OneTimeToken.purpose == purpose)


def seconds_to_wait(session: Session, account: Account, purpose: TokenPurpose) -> int:
    """Seconds until the person may get another mail for this purpose. 0 if fewer than five were sent within an hour.

    The account is locked, so that of two concurrent requests the second counts the mail of the first.
    """
    session.scalars(select(Account.id).where(Account.id == account.id).with_for_update()).one()
    sent = select(OneTimeToken.created_at).where(_of_purpose(account, purpose)).order_by(OneTimeToken.created_at.desc())
    fifth = session.scalar(sent.offset(MAILS_AN_HOUR - 1).limit(1))
    return max(0, math.ceil((fifth + AN_HOUR - clock.now()).total_seconds())) if fifth is not None else 0


def mails_used_up(seconds: int) -> TooMany:
    """The refusal for callers who may know that the account exists."""
    return MAILS_USED_UP(retry_after=seconds)


def _publish_link(session: Session, account: Account, kept: OneTimeToken, token: str) -> None:
    event = MailTokenIssued(
        user_id=account.id,
        email=kept.email or account.email,
        name=account.name,
        purpose=TokenPurpose(kept.purpose),
        token=token,
        expires_at=kept.expires_at,
    )
    session.publish(event)


def owner_of(session: Session, token: str, *purposes: TokenPurpose) -> Account:
    """The owner of a valid link. Neither uses the link nor locks the account."""
    query = select(Account).join(OneTimeToken, OneTimeToken.user_id == Account.id).where(_is_valid(token, purposes))
    account = session.scalars(query).one_or_none()
    if account is None:
        raise not_valid(_owner_of_any(session, token))
    return account


def redeem(session: Session, token: str, *purposes: TokenPurpose) -> OneTimeToken:
    """Use a token in a single guarded statement, so that only the first of two callers succeeds.

    The account is locked first, as in every change of both.
    """
    which = _is_valid(token, purposes)
    owners = select(OneTimeToken.user_id).where(which).scalar_subquery()
    session.execute(select(Account.id).where(Account.id == owners).with_for_update())
    statement = update(OneTimeToken).where(which).values(used_at=clock.now()).returning(OneTimeToken)
    kept = session.scalars(statement, execution_options={"synchronize_session": False}).one_or_none()
    if kept is None:
        raise not_valid(_owner_of_any(session, token))
    return kept


def find_mailed(session: Session, token: str, purpose: TokenPurpose) -> OneTimeToken | None:
    """A token that was mailed for this purpose, valid or not."""
    which = (OneTimeToken.digest == rules.digest(token)) & (OneTimeToken.purpose == purpose)
    return session.scalars(select(OneTimeToken).where(which)).one_or_none()


def _owner_of_any(session: Session, token: str) -> UUID | None:
    """The owner of an invalid token, or None if the token never existed."""
    return session.scalar(select(OneTimeToken.user_id).where(OneTimeToken.digest == rules.digest(token)))


def _is_valid(token: str, purposes: tuple[TokenPurpose, ...]) -> ColumnElement[bool]:
    """The condition for this token: unused, not expired, and of these purposes."""
    known = (OneTimeToken.digest == rules.digest(token)) & OneTimeToken.purpose.in_(purposes)
    return known & OneTimeToken.used_at.is_(None) & (OneTimeToken.expires_at > clock.now())


def not_valid(user_id: UUID | None) -> Invalid:
    """The refusal of an unknown or invalid token. Only the audit names the owner."""
    errors = {"token": ["Not valid."]}
    refusal = TOKEN_NOT_VALID(errors=errors)
    refusal.noted = {"record_id": user_id} if user_id is not None else None
    return refusal


def end_all(session: Session, account: Account) -> None:
    """Expire the links, pending new addresses and second steps of login of an account.

    Links that verify the account's current address stay valid.
    """
    verifies_current = _of_purpose(account, TokenPurpose.VERIFY) & (_address(account) == account.email)
    _end(session, (OneTimeToken.user_id == account.id) & ~verifies_current)


def end_pending_address(session: Session, account: Account) -> None:
    """Expire the link to a pending new address, because the owner chose another address."""
    _end(session, _of_purpose(account, TokenPurpose.VERIFY) & (_address(account) != account.email))


def _address(account: Account) -> ColumnElement[str]:
    """The address that got the mail. Tokens without an address were mailed to the account's."""
    return func.coalesce(OneTimeToken.email, account.email)


def _end(session: Session, which: ColumnElement[bool]) -> None:
    now = clock.now()
    still_open = OneTimeToken.used_at.is_(None) & (OneTimeToken.expires_at > now)
    session.execute(update(OneTimeToken).where(which, still_open).values(expires_at=now))


def request_verification(session: Session, _actor: Actor, command: ResendVerification) -> StatusView:
    """Request the verification mail again. Work and reply are the same for every address."""
    return _publish_request(session, command.email, "verify")


def request_reset(session: Session, _actor: Actor, command: ForgotPassword) -> StatusView:
    """Request a mail to reset the password. Work and reply are the same for every address."""
    return _publish_request(session, command.email, "reset")


def _publish_request(session: Session, email: str, purpose: Literal["verify", "reset"]) -> StatusView:
    session.publish(MailAsked(digest=rules.digest(rules.email_key(email)), email=email, purpose=purpose))
    return StatusView(status=Outcome.MAIL_SENT_IF_KNOWN)


def send_requested(session: Session, _actor: Actor, event: MailAsked) -> None:
    """Send the requested mail, if the address has an account for which the purpose makes sense.

    After five mails within an hour the handler sends none, without a reply to the caller; the last link stays valid. An
    invited person without a password gets a new invitation instead of a verification.
    """
    query = select(Account).where(Account.email_key == rules.email_key(event.email)).with_for_update()
    account = session.scalars(query).one_or_none()
    purpose = TokenPurpose(event.purpose)
    if account is None or not account.may_sign_in or (purpose == TokenPurpose.VERIFY and account.is_verified):
        return
    if purpose == TokenPurpose.VERIFY and not account.password_hash:
        purpose = TokenPurpose.INVITE
    if seconds_to_wait(session, account, purpose) == 0:
        issue(session, account, purpose)


def empty_sent_events(session: Session, _actor: Actor) -> None:
    """Empty sent events that carried a secret or a requested address.

    An emptied event keeps its sequence number, which must have no gaps. It loses its name, so that no replay sends it.
    """
    sent_through = session.scalar(select(relay.c.sent_through).where(relay.c.internal)) or 0
    sent = outbox.c.sequence.between(sent_through - LOOKED_BACK, sent_through)
    emptied: dict[str, object] = {"name": "forgotten", "subject": "", "data": {}}
    session.execute(update(outbox).where(outbox.c.internal, sent, outbox.c.name.in_(SECRET_EVENTS)).values(emptied))
