"""List notifications."""

from sqlalchemy import select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.notify.notifications import ListNotifications
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


def list_own(session: Session, actor: Actor, query: ListNotifications) -> Page:
    """List the caller's own notifications, newest first."""
    actor.may_act_for(query.person_id)
    statement = select(*LISTED).where(Notification.person_id == query.person_id)
    if query.unread:
        statement = statement.where(~Notification.is_read)
    return page(session, statement, (Notification.created_at, Notification.id), limit=query.limit, cursor=query.cursor)
