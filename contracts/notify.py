"""What is said to and by the notify service: who must know."""

from marshmallow import fields

from chassis.contract import Command, PageQuery, View, page_of
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.roles import ANY_ROLE


class NotificationView(View):
    """Something that a person should know. `subject_id` is the record that it is about."""

    id = fields.UUID()
    kind = fields.String()
    message = fields.String()
    subject_id = fields.UUID()
    is_read = fields.Boolean()
    created_at = fields.AwareDateTime()


class ListNotifications(PageQuery):
    """One's own notifications, newest first."""

    service, roles, returns = "notify", ANY_ROLE, page_of(NotificationView)
    person_id = fields.UUID(required=True)
    unread = fields.Boolean(load_default=False, metadata={"description": "Only what has not been read."})


class ReadNotification(Command):
    """Mark one's notification as read."""

    service, roles, returns = "notify", ANY_ROLE, NotificationView
    person_id = fields.UUID(required=True)
    notification_id = fields.UUID(required=True, metadata={"description": "The notification."})


class ListAudit(AuditQuery):
    """What was done in notify."""

    service, roles, returns = "notify", ADMINS, AuditPage
