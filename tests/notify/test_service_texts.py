"""Every event that notify hears has a text. Without a text the event would be retried and become a dead letter."""

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import fields, validate
from sqlalchemy import select

from chassis.event import Event
from chassis.persistence.database import Session
from services.notify import texts
from services.notify.models.deliveries import Delivery
from services.notify.models.notifications import Notification
from tests.events import example_of
from tests.notify.factories import HANDLERS, handle, heard
from tests.notify.lines import LINES

each_event = pytest.mark.parametrize("event", HANDLERS, ids=lambda one: one.__name__)


def outcome(session: Session, event: type[Event], facts: dict[str, Any]) -> tuple[list[Notification], list[Delivery]]:
    """Handle the event with these facts; return the notifications and mails that it creates."""
    actor = heard(session, event.event_name(), subject=facts[event.subject])
    handle(session, actor, event(**facts))
    notified = select(Notification).where(Notification.event_id == session.call.heard.event_id)
    mailed = select(Delivery).where(Delivery.event_id == session.call.heard.event_id)
    return list(session.scalars(notified)), list(session.scalars(mailed))


def variants(event: type[Event]) -> Iterator[dict[str, Any]]:
    """Yield the facts of the example, and the same with every other choice of every field."""
    example = example_of(event).data
    yield example
    for name, field in event.schema().fields.items():
        yield from ({**example, name: value} for value in _choices(field))


def _choices(field: fields.Field[Any]) -> list[Any]:
    if isinstance(field, fields.List):
        return [[], *([one] for one in _choices(field.inner))]
    named = [choice for one in field.validators if isinstance(one, validate.OneOf) for choice in one.choices]
    return [*named, None] if field.allow_none else named


@each_event
def test_notification_of_every_event_is_one_whole_line(session: Session, event: type[Event]) -> None:
    for facts in variants(event):
        for notification in outcome(session, event, facts)[0]:
            message = notification.message
            assert len(message.splitlines()) == 1, f"{event.event_name()} of {facts}: {message!r}"
            assert not {"None", "[]"} & set(message.split()), f"{event.event_name()} of {facts}: {message!r}"


@each_event
def test_mail_of_every_event_has_a_subject_and_a_body(session: Session, event: type[Event]) -> None:
    for facts in variants(event):
        for mail in outcome(session, event, facts)[1]:
            subject, body = texts.of_mail(mail.template, mail.content)
            assert len(subject.splitlines()) == 1, f"{mail.template} of {facts}: {subject!r}"
            assert len(body.splitlines()) > 1, f"{mail.template} of {facts}: {body!r}"


@each_event
def test_text_of_every_notified_event_is_listed(session: Session, event: type[Event]) -> None:
    notified, _mailed = outcome(session, event, next(variants(event)))
    assert event in LINES or not notified, f"add the text of {event.__name__} to tests/notify/lines.py"
