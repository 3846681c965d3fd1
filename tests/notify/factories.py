"""What tests of notify are made of, with defaults, so that each names only what matters to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.config import Config
from chassis.event import Event, Origin
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import MailTokenIssued
from services.notify import deliveries
from services.notify.models.deliveries import Delivery
from services.notify.models.notifications import Notification
from services.notify.notifications.commands import tells
from tests.events import example_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def settings(**changes: Any) -> Config:
    """The process's settings, in Kolkata (half an hour off all the others) and with mails to nowhere."""
    settings = {
        "amqp_url": "embedded://tests",
        "database_urls": {},
        "jwks_file": Path("jwks.json"),
        "signing_keys": Path("private"),
        "hospital_timezone": ZoneInfo("Asia/Kolkata"),
        "http_host": "127.0.0.1",
        "http_port": 8000,
        "health_port": 0,
        "public_url": "https://hospital.example",
        "mail_url": "smtp://127.0.0.1:9",
        "mail_from": "Hospital <post@hospital.example>",
        "mfa_required_roles": frozenset(),
        "currency": "EUR",
        "allow_sandbox_payments": False,
        "allow_unsigned_events": False,
        "workers": 1,
        "retry_delays": (),
        "log_level": "INFO",
    }
    return Config(**{**settings, **changes})


def person(person_id: UUID | None = None) -> Actor:
    return Actor(id=person_id or uuid7(), roles=frozenset({"patient"}))


def heard(
    name: str = "an_event", *, subject: UUID | None = None, event_id: UUID | None = None, sequence: int = 1
) -> Actor:
    """What a handler acts as."""
    origin = Origin(event_id or uuid7(), "somewhere", name, sequence, NOON, str(subject or uuid7()), "correlation")
    return Actor.system(origin=origin)


def tell(
    session: Session, event: type[Event], field: str, *, event_id: UUID | None = None, **facts: Any
) -> Notification:
    """What a person is told when an event is heard, the facts being those of its example but for these."""
    said = example_of(event, **facts)
    actor = heard(event.event_name(), subject=said.data[event.subject], event_id=event_id)
    tells(field)(session, actor, said)
    assert actor.origin is not None
    return session.scalars(select(Notification).where(Notification.event_id == actor.origin.event_id)).one()


def mail(session: Session, *, actor: Actor | None = None, **fields: Any) -> Delivery:
    """A verification mail that is due."""
    actor = actor or heard("mail_token_issued")
    token = {
        "user_id": uuid7(),
        "email": "asha@example.org",
        "purpose": "verify",
        "token": "q0Zb-7r1_TnU",
        "expires_at": NOON + timedelta(days=1),
        **fields,
    }
    deliveries.mail_token(session, actor, example_of(MailTokenIssued, **token))
    assert actor.origin is not None
    return session.scalars(select(Delivery).where(Delivery.event_id == actor.origin.event_id)).one()


def row(**fields: Any) -> Delivery:
    """A delivery without a database."""
    mail_id = uuid7()
    return Delivery(
        **{
            "id": mail_id,
            "recipient": "asha@example.org",
            "template": "verify",
            "content": {"token": "q0Zb-7r1_TnU", "expires_at": NOON.isoformat()},
            "message_id": f"{mail_id}@hospital.example",
            "state": "pending",
            "attempts": 0,
            "next_try_at": NOON,
            "created_at": NOON,
            **fields,
        }
    )


def due(session: Session, delivery: Delivery) -> None:
    """Let the time of a delivery come."""
    delivery.next_try_at = clock.now() - timedelta(seconds=1)
    session.flush()
