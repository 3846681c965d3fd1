"""Notifications: each person lists and reads their own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from marshmallow import validate

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import NotFound
from chassis.refusals import Refusal
from contracts.roles import ANY_ROLE

NO_SUCH_NOTIFICATION = Refusal(NotFound, "not_found", "There is no such notification.")
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
"""The kinds of notifications, by the type of their subject."""
SUBJECT_OF: Mapping[str, str] = {kind: subject for subject, kinds in KINDS_OF.items() for kind in kinds}


class NotificationView(View):
    """A notification for one person. It is about the record `subject_id`, whose type is `subject_type`."""

    id: UUID
    kind: Annotated[str, validate.OneOf(list(SUBJECT_OF))]
    message: str
    subject_type: Annotated[str, validate.OneOf(list(KINDS_OF))]
    subject_id: UUID
    is_read: bool
    created_at: datetime


class ListNotifications(PageQuery, service="notify", roles=ANY_ROLE, returns=page_of(NotificationView)):
    """List the caller's own notifications, newest first."""

    person_id: UUID
    unread: Annotated[bool, "Only unread notifications."] = False


class ReadNotification(Command, service="notify", roles=ANY_ROLE, returns=NotificationView):
    """Mark a notification of the caller as read."""

    person_id: UUID
    notification_id: Annotated[UUID, "The notification."]
