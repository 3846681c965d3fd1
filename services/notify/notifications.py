"""Notifications: made by events, read by the people they are for."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.database import Session
from chassis.errors import NotFound
from chassis.event import Origin
from chassis.identity import Actor
from chassis.paging import page
from services.notify import deaths, wording
from services.notify.models import Notification

LISTED = (
    Notification.id,
    Notification.kind,
    Notification.message,
    Notification.subject_type.label("subject_type"),
    Notification.subject_id,
    Notification.is_read,
    Notification.created_at,
)


def tells(*people: str, kind: str = "") -> Callable[..., None]:
    """A handler that tells an event to those whom it names in these fields, such as `patient_id`.

    The kind of the notification is the event's name, and so is the name of the template's block that words it, unless
    another `kind` is named. Whom the event leaves null is not told, nor a patient who has died.
    """

    def tell(session: Session, actor: Actor, **facts: Any) -> None:
        """Notify people of the event, once."""
        name = kind or actor.heard.name
        told = {facts[person] for person in people} - {None} - deaths.untold(session, name, people, facts)
        if told:
            _write(session, actor.heard, told, kind=name, message=wording.of_notification(name, facts))

    return tell


def _write(session: Session, origin: Origin, people: set[UUID], **facts: str) -> None:
    """A row for each of these people, unless it is there already."""
    common = {"event_id": origin.event_id, "subject_id": UUID(origin.subject), "created_at": clock.now(), **facts}
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    told = insert(Notification).values([{"id": uuid7(), "person_id": person, **common} for person in people])
    session.execute(told.on_conflict_do_nothing(index_elements=["event_id", "person_id", "kind"]))


def listing(session: Session, actor: Actor, *, person_id: UUID, unread: bool, limit: int, cursor: str | None) -> Page:
    """One's own notifications, newest first. NotFound: somebody else's."""
    actor.may_act_for(person_id)
    query = select(*LISTED).where(Notification.person_id == person_id)
    if unread:
        query = query.where(~Notification.is_read)
    return page(session, query, (Notification.created_at, Notification.id), limit=limit, cursor=cursor)


def read(session: Session, actor: Actor, *, person_id: UUID, notification_id: UUID) -> Notification:
    """Mark one's notification as read; again changes nothing. NotFound: somebody else's."""
    actor.may_act_for(person_id)
    notification = session.get(Notification, notification_id, with_for_update=True)
    if notification is None or notification.person_id != person_id:
        raise NotFound("not_found", "There is no such notification.")
    notification.read(clock.now())
    return notification
