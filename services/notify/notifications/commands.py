"""Create notifications from events, and mark them as read."""

from collections.abc import Iterable, Mapping
from typing import cast
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.event import Event, Origin
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import upsert
from contracts.notify.notifications import NO_SUCH_NOTIFICATION, NotificationKind, ReadNotification
from services.notify import texts
from services.notify.directory import deceased
from services.notify.models.notifications import Notification


def notify(
    session: Session, _actor: Actor, event: Event, *recipients: str, kind: NotificationKind | None = None
) -> None:
    """Notify the people in these fields of an event, each once.

    A null field is skipped. The kind defaults to the name of the event. The template reads the name of the field as
    `recipient`.
    """
    facts, chosen = event.data, kind or NotificationKind(event.event_name())
    messages: dict[UUID, str] = {}
    for field in recipients:
        person = cast("UUID | None", facts[field])
        if person is None or person in messages:
            continue
        if field != "patient_id" or not deceased.is_silenced(session, person, chosen):
            messages[person] = texts.of_notification(chosen, {**facts, "recipient": field})
    if messages:
        _insert(session, session.call.heard, chosen, messages)


def notify_people(session: Session, event: Event, people: Iterable[UUID], recipient: str) -> None:
    """Notify these people, each once. The template reads `recipient`."""
    chosen = NotificationKind(event.event_name())
    message = texts.of_notification(chosen, {**event.data, "recipient": recipient})
    messages = dict.fromkeys(people, message)
    if messages:
        _insert(session, session.call.heard, chosen, messages)


def _insert(session: Session, origin: Origin, kind: NotificationKind, messages: Mapping[UUID, str]) -> None:
    """Add a row for each person, unless the row exists."""
    facts = {"event_id": origin.event_id, "subject_id": UUID(origin.subject), "kind": kind, "created_at": clock.now()}
    rows = [{"id": uuid7(), "person_id": person, "message": text, **facts} for person, text in messages.items()]
    upsert(session, Notification, rows, "event_id person_id kind")


def mark_read(session: Session, actor: Actor, command: ReadNotification) -> Notification:
    """Mark the caller's own notification as read. A repetition changes nothing."""
    actor.may_act_for(command.person_id)
    notification = session.get(Notification, command.notification_id, with_for_update=True)
    if notification is None or notification.person_id != command.person_id:
        raise NO_SUCH_NOTIFICATION()
    notification.read(clock.now())
    return notification
