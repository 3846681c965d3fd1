"""What is said to and by the notify service: who must know."""

from collections.abc import Mapping

from marshmallow import fields, validate

from chassis.contract import Command, PageQuery, View, page_of
from contracts.audit import ADMINS, AuditPage, AuditQuery
from contracts.roles import ANY_ROLE

KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "appointment": (
        "appointment_requested",
        "appointment_booked",
        "appointment_given",
        "appointment_rescheduled",
        "appointment_relocated",
        "appointment_given_away",
        "appointment_rejected",
        "appointment_cancelled",
        "appointment_expired",
        "appointment_missed",
        "appointment_displaced",
        "patient_arrived",
        "visit_completed",
        "visit_completion_undone",
    ),
    "shift": ("shift_assigned", "shift_changed"),
    "shift_swap": ("swap_asked", "swap_answered", "swap_decided", "swap_ended"),
    "task": ("task_assigned", "task_changed", "task_closed"),
    "upgrade_request": ("upgrade_decided",),
    "account": ("credentials_changed",),
    "prescription": ("prescription_added",),
    "invoice": ("invoice_issued", "invoice_voided", "refund_due"),
    "payment": ("payment_received", "payment_failed"),
}
"""The kinds of notifications, by the type of the record that they are about."""
SUBJECT_OF: Mapping[str, str] = {kind: subject for subject, kinds in KINDS_OF.items() for kind in kinds}


class NotificationView(View):
    """Something that a person should know. `subject_id` is the record that it is about, of the type `subject_type`."""

    id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(list(SUBJECT_OF)))
    message = fields.String()
    subject_type = fields.String(validate=validate.OneOf(list(KINDS_OF)))
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
