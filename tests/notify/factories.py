"""Builders for the tests of notify. Each has defaults, so that a test names only what matters to it."""

import inspect
from collections.abc import Callable
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
from contracts.auth.events import AdminChanged, MailTokenIssued
from services.notify.deliveries.handlers import on_mail_token_issued
from services.notify.models.deliveries import Delivery
from services.notify.models.notifications import Notification
from services.notify.notifications.commands import notify
from services.notify.service import NotifyService
from tests.calls import delivered
from tests.events import example_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HANDLERS: dict[type[Event], Callable[..., Any]] = {
    method.event: inspect.getclosurevars(method).nonlocals["work"]
    for method in vars(NotifyService).values()
    if hasattr(method, "event")
}
"""The handler of each event in the table of the service."""


def settings(**changes: Any) -> Config:
    """Return settings of a hospital in Kolkata, half an hour off most zones. No server takes its mails."""
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
        "attachments_url": "file:attachments",
        "allow_unsigned_events": False,
        "workers": 1,
        "retry_delays": (),
        "log_level": "INFO",
    }
    return Config(**{**settings, **changes})


def person(person_id: UUID | None = None) -> Actor:
    return Actor(id=person_id or uuid7(), roles=frozenset({"patient"}))


def heard(
    session: Session,
    name: str = "an_event",
    *,
    subject: UUID | None = None,
    event_id: UUID | None = None,
    sequence: int = 1,
) -> Actor:
    """Return the actor of a handler."""
    origin = Origin(event_id or uuid7(), "somewhere", name, sequence, NOON, str(subject or uuid7()), "correlation")
    return delivered(session, origin)


def handle(session: Session, actor: Actor, event: Event) -> None:
    """Run the handler of the service's table."""
    HANDLERS[type(event)](session, actor, event)


def change_admin(session: Session, person_id: UUID, *, is_admin: bool = True, sequence: int = 1) -> None:
    """Handle auth's event about an admin."""
    event = example_of(AdminChanged, user_id=person_id, is_admin=is_admin)
    handle(session, heard(session, "admin_changed", sequence=sequence), event)


def notified(session: Session, actor: Actor) -> list[Notification]:
    """Return the notifications of the event that the actor has heard."""
    query = select(Notification).where(Notification.event_id == session.call.heard.event_id)
    return list(session.scalars(query))


def notification(
    session: Session, event: type[Event], field: str, *, event_id: UUID | None = None, **facts: Any
) -> Notification:
    """Return the notification of the person in this field of an event, made from its example and these facts."""
    example = example_of(event, **facts)
    actor = heard(session, event.event_name(), subject=example.data[event.subject], event_id=event_id)
    notify(session, actor, example, field)
    (created,) = notified(session, actor)
    return created


def mail(session: Session, *, actor: Actor | None = None, **fields: Any) -> Delivery:
    """Return a verification mail that is due."""
    actor = actor or heard(session, "mail_token_issued")
    token = {
        "user_id": uuid7(),
        "email": "asha@example.org",
        "purpose": "verify",
        "token": "q0Zb-7r1_TnU",
        "expires_at": NOON + timedelta(days=1),
        **fields,
    }
    on_mail_token_issued(session, actor, example_of(MailTokenIssued, **token))
    return session.scalars(select(Delivery).where(Delivery.event_id == session.call.heard.event_id)).one()


def row(**fields: Any) -> Delivery:
    """Return a delivery that is not in a database."""
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


def make_due(session: Session, delivery: Delivery) -> None:
    """Set the next attempt of a delivery to a second ago."""
    delivery.next_try_at = clock.now() - timedelta(seconds=1)
    session.flush()
