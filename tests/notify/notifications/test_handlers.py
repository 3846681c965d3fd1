"""Whatever notify hears, it has the words for: without them an event would be retried, and end as a dead letter."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import fields, validate
from sqlalchemy import select

from chassis.event import Event
from chassis.persistence.database import Session
from services.notify import wording
from services.notify.models.deliveries import Delivery
from services.notify.models.notifications import Notification
from services.notify.service import NotifyService
from tests.events import example_of
from tests.notify.factories import heard
from tests.notify.test_wording import LINES

HANDLERS = {one.event: one for one in vars(NotifyService).values() if hasattr(one, "event")}
each_event = pytest.mark.parametrize("event", HANDLERS, ids=lambda one: one.__name__)


def hear(session: Session, event: type[Event], facts: dict[str, Any]) -> tuple[list[Notification], list[Delivery]]:
    """What one event that says this leads to: notifications and mails."""
    work = inspect.getclosurevars(HANDLERS[event]).nonlocals["work"]
    actor = heard(event.event_name(), subject=facts[event.subject])
    work(session, actor, event(**facts))
    assert actor.origin is not None
    told = select(Notification).where(Notification.event_id == actor.origin.event_id)
    mailed = select(Delivery).where(Delivery.event_id == actor.origin.event_id)
    return list(session.scalars(told)), list(session.scalars(mailed))


def variants(event: type[Event]) -> Iterator[dict[str, Any]]:
    """The example, and the same with each other value that one of its fields may have, where those can be named."""
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
def test_each_event_that_is_told_has_one_line_whatever_it_says(session: Session, event: type[Event]) -> None:
    for facts in variants(event):
        for told in hear(session, event, facts)[0]:
            assert len(told.message.splitlines()) == 1, f"{event.event_name()} of {facts}: {told.message!r}"
            assert not {"None", "[]"} & set(told.message.split()), f"{event.event_name()} of {facts}: {told.message!r}"


@each_event
def test_each_mail_that_an_event_asks_for_has_a_subject_and_a_body(session: Session, event: type[Event]) -> None:
    for facts in variants(event):
        for mail in hear(session, event, facts)[1]:
            subject, body = wording.of_mail(mail.template, mail.content)
            assert len(subject.splitlines()) == 1, f"{mail.template} of {facts}: {subject!r}"
            assert len(body.splitlines()) > 1, f"{mail.template} of {facts}: {body!r}"


@each_event
def test_the_words_of_each_event_that_is_told_are_known_to_a_test(session: Session, event: type[Event]) -> None:
    told, _mailed = hear(session, event, next(variants(event)))
    assert event in LINES or not told, f"add the line of {event.__name__} to tests/notify/test_wording.py"
