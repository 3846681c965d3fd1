"""Deliveries: the mails that events ask for, sent by a timer, so that no transaction waits for a mail server.

A mail leaves at least once. When a process dies between sending it and writing that down, it is sent again after the
lease, with the same Message-ID, by which mail servers and readers know it.
"""

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import CredentialsChanged, MailTokenIssued
from services.notify.models.deliveries import Delivery
from services.notify.models.directory import Contact
from services.notify.notifications.commands import tells

BATCH = 50

tell_user = tells("user_id")


def mail_token(session: Session, actor: Actor, event: MailTokenIssued) -> None:
    """Have a secret link sent to the address in the event, since the contact may arrive later than it.

    The template is named for the purpose of the link: `verify`, `reset` or `invite`.
    """
    content = {"token": event.token, "expires_at": event.expires_at.isoformat()}
    _ask(session, actor, event.user_id, event.email, event.purpose, content)


def credentials_changed(session: Session, actor: Actor, event: CredentialsChanged) -> None:
    """Tell somebody, in the app and at the address in the event, which may be the one that no longer counts."""
    tell_user(session, actor, event)
    at = actor.heard.occurred_at.isoformat()
    _ask(session, actor, event.user_id, event.email, "credentials_changed", {"what": event.what, "at": at})


def _ask(
    session: Session, actor: Actor, person_id: UUID, recipient: str, template: str, content: dict[str, str]
) -> None:
    """Have a mail sent, once for the event; none to somebody who has been erased."""
    # Locked, so that whoever erases the contact meanwhile finds the mail.
    if session.scalar(select(Contact.erased_at).where(Contact.id == person_id).with_for_update()) is not None:
        return
    mail_id, now = uuid7(), clock.now()
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    row = insert(Delivery).values(
        id=mail_id,
        event_id=actor.heard.event_id,
        person_id=person_id,
        channel="email",
        recipient=recipient,
        template=template,
        content=content,
        message_id=f"{mail_id}@{_our_domain()}",
        state="pending",
        attempts=0,
        next_try_at=now,
        created_at=now,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["event_id", "person_id", "template"]))


def _our_domain() -> str:
    return parseaddr(config.current().mail_from)[1].rpartition("@")[2] or "localhost"


def claim(session: Session, _actor: Actor) -> list[Delivery]:
    """The mails that are due, which are this process's for `LEASE` from now on."""
    now = clock.now()
    query = select(Delivery).where(Delivery.next_try_at <= now).order_by(Delivery.next_try_at).limit(BATCH)
    due = list(session.scalars(query.with_for_update(skip_locked=True)))
    for delivery in due:
        delivery.claim(now)
    return due


def record(session: Session, _actor: Actor, claimed: Sequence[Delivery], outcome: Mapping[UUID, str | None]) -> None:
    """Write down what became of the claimed mails: by id the class of the error, or None for sent.

    `rules.REFUSED` stands for whatever no further try can change. A mail that is not named was not tried, and comes
    again after its lease.
    """
    now, attempts = clock.now(), {delivery.id: delivery.attempts for delivery in claimed}
    tried = session.scalars(select(Delivery).where(Delivery.id.in_(outcome)).with_for_update())
    for delivery in tried:
        if delivery.is_held(attempts[delivery.id]):
            delivery.end_try(now, outcome[delivery.id])
