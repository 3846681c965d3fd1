"""Notifications: made by events, read by the people they are for."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.event import Event, Origin
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.paging import page
from contracts.notify.notifications import NO_SUCH_NOTIFICATION, ListNotifications, ReadNotification
from services.notify import wording
from services.notify.directory import deceased
from services.notify.models.notifications import Notification

LISTED = (
    Notification.id,
    Notification.kind,
    Notification.message,
    Notification.subject_type.label("subject_type"),
    Notification.subject_id,
    Notification.is_read,
    Notification.created_at,
)


def tells(*people: str, kind: str = "") -> Callable[[Session, Actor, Event], None]:
    """A handler that tells an event to those whom it names in these fields, such as `patient_id`.

    The kind of the notification is the event's name, and so is the name of the template's block that words it, unless
    another `kind` is named. Whom the event leaves null is not told, nor a patient who has died.
    """

    def tell(session: Session, actor: Actor, event: Event) -> None:
        """Notify people of the event, once."""
        write(session, actor, event, people, kind)

    return tell


def write(session: Session, actor: Actor, event: Event, people: Sequence[str], kind: str = "") -> None:
    """Notify the people in these fields of an event, each once. The template learns the field as `recipient`."""
    facts, name = event.data, kind or actor.heard.name
    untold = deceased.untold(session, name, people, facts)
    messages = {
        facts[field]: wording.of_notification(name, {**facts, "recipient": field})
        for field in reversed(people)
        if facts[field] is not None and facts[field] not in untold
    }
    if messages:
        _insert(session, actor.heard, name, messages)


def _insert(session: Session, origin: Origin, kind: str, messages: Mapping[UUID, str]) -> None:
    """Add a row for each person, unless the row exists."""
    facts = {"event_id": origin.event_id, "subject_id": UUID(origin.subject), "kind": kind, "created_at": clock.now()}
    rows = [{"id": uuid7(), "person_id": person, "message": text, **facts} for person, text in messages.items()]
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    statement = insert(Notification).values(rows)
    session.execute(statement.on_conflict_do_nothing(index_elements=["event_id", "person_id", "kind"]))


def listing(session: Session, actor: Actor, query: ListNotifications) -> Page:
    """One's own notifications, newest first."""
    actor.may_act_for(query.person_id)
    statement = select(*LISTED).where(Notification.person_id == query.person_id)
    if query.unread:
        statement = statement.where(~Notification.is_read)
    return page(session, statement, (Notification.created_at, Notification.id), limit=query.limit, cursor=query.cursor)


def read(session: Session, actor: Actor, command: ReadNotification) -> Notification:
    """Mark one's notification as read; again changes nothing."""
    actor.may_act_for(command.person_id)
    notification = session.get(Notification, command.notification_id, with_for_update=True)
    if notification is None or notification.person_id != command.person_id:
        raise NO_SUCH_NOTIFICATION()
    notification.read(clock.now())
    return notification
