"""Request mails. The timer `send_mails` sends them, so that no transaction waits for a mail server."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import upsert
from services.notify.models.deliveries import Channel, Delivery, DeliveryState, MailTemplate
from services.notify.models.directory import Contact


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person: the recipient is an e-mail address, the content fills the template."""

    person_id: UUID
    recipient: str
    template: MailTemplate
    content: Mapping[str, str]


def request_mail(session: Session, _actor: Actor, mail: Mail) -> None:
    """Store a mail for sending, once per event. An erased person gets no mail."""
    # The lock makes an erasure at the same time wait, and delete this mail too.
    erased_at = select(Contact.erased_at).where(Contact.id == mail.person_id)
    if session.scalar(erased_at.with_for_update()) is not None:
        return
    mail_id, now = uuid7(), clock.now()
    row = {
        "id": mail_id,
        "event_id": session.call.heard.event_id,
        "person_id": mail.person_id,
        "channel": Channel.EMAIL,
        "recipient": mail.recipient,
        "template": mail.template,
        "content": dict(mail.content),
        "message_id": f"{mail_id}@{_sender_domain()}",
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_try_at": now,
        "created_at": now,
    }
    upsert(session, Delivery, row, "event_id person_id template")


def _sender_domain() -> str:
    return parseaddr(config.current().mail_from)[1].rpartition("@")[2] or "localhost"
