"""Notifications: each person lists and reads their own."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from chassis.contract import Command, PageQuery, View, page_of
from chassis.errors import NotFound
from chassis.refusals import Refusal
from contracts.roles import ANY_ROLE

NO_SUCH_NOTIFICATION = Refusal(NotFound, "not_found", "There is no such notification.")


class NotificationSubject(StrEnum):
    """The types of records that notifications are about."""

    APPOINTMENT = "appointment"
    SHIFT = "shift"
    SHIFT_SWAP = "shift_swap"
    TASK = "task"
    UPGRADE_REQUEST = "upgrade_request"
    ACCOUNT = "account"
    PRESCRIPTION = "prescription"
    RECORD = "record"
    LAB_ORDER = "lab_order"
    LAB_RESULT = "lab_result"
    REFILL = "refill"
    DISPENSE = "dispense"
    BREAK_GLASS = "break_glass"
    INVOICE = "invoice"
    PAYMENT = "payment"
    PATIENT = "patient"
    ITEM = "item"


class NotificationKind(StrEnum):
    """The kinds of notifications. Most are named after the event that creates them."""

    APPOINTMENT_REQUESTED = "appointment_requested"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENT_GIVEN = "appointment_given"
    APPOINTMENT_RESCHEDULED = "appointment_rescheduled"
    APPOINTMENT_RELOCATED = "appointment_relocated"
    APPOINTMENT_GIVEN_AWAY = "appointment_given_away"
    APPOINTMENT_REJECTED = "appointment_rejected"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    APPOINTMENT_EXPIRED = "appointment_expired"
    APPOINTMENT_MISSED = "appointment_missed"
    APPOINTMENT_DISPLACED = "appointment_displaced"
    PATIENT_ARRIVED = "patient_arrived"
    VISIT_COMPLETED = "visit_completed"
    VISIT_COMPLETION_UNDONE = "visit_completion_undone"
    SHIFT_ASSIGNED = "shift_assigned"
    SHIFT_CHANGED = "shift_changed"
    SWAP_ASKED = "swap_asked"
    SWAP_ANSWERED = "swap_answered"
    SWAP_DECIDED = "swap_decided"
    SWAP_ENDED = "swap_ended"
    TASK_ASSIGNED = "task_assigned"
    TASK_CHANGED = "task_changed"
    TASK_CLOSED = "task_closed"
    UPGRADE_DECIDED = "upgrade_decided"
    CREDENTIALS_CHANGED = "credentials_changed"
    PRESCRIPTION_ADDED = "prescription_added"
    RECORD_ADDED = "record_added"
    LAB_SAMPLE_REJECTED = "lab_sample_rejected"
    LAB_RESULT_READY = "lab_result_ready"
    LAB_RESULT_CORRECTED = "lab_result_corrected"
    LAB_RESULT_CRITICAL = "lab_result_critical"
    CRITICAL_ESCALATED = "critical_escalated"
    PRESCRIPTION_DISCONTINUED = "prescription_discontinued"
    REFILL_REQUESTED = "refill_requested"
    REFILL_DECIDED = "refill_decided"
    MEDICINE_DISPENSED = "medicine_dispensed"
    DISPENSE_DECLINED = "dispense_declined"
    CHART_OPENED_BY_BREAK_GLASS = "chart_opened_by_break_glass"
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_VOIDED = "invoice_voided"
    INVOICE_OVERDUE = "invoice_overdue"
    INVOICE_REMINDER_DUE = "invoice_reminder_due"
    REFUND_DUE = "refund_due"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    REFUND_COMPLETED = "refund_completed"
    PATIENT_DETERIORATING = "patient_deteriorating"
    STOCK_LOW = "stock_low"
    STOCK_EXPIRING = "stock_expiring"


_KINDS: Mapping[NotificationSubject, tuple[NotificationKind, ...]] = {
    NotificationSubject.APPOINTMENT: (
        NotificationKind.APPOINTMENT_REQUESTED,
        NotificationKind.APPOINTMENT_BOOKED,
        NotificationKind.APPOINTMENT_GIVEN,
        NotificationKind.APPOINTMENT_RESCHEDULED,
        NotificationKind.APPOINTMENT_RELOCATED,
        NotificationKind.APPOINTMENT_GIVEN_AWAY,
        NotificationKind.APPOINTMENT_REJECTED,
        NotificationKind.APPOINTMENT_CANCELLED,
        NotificationKind.APPOINTMENT_EXPIRED,
        NotificationKind.APPOINTMENT_MISSED,
        NotificationKind.APPOINTMENT_DISPLACED,
        NotificationKind.PATIENT_ARRIVED,
        NotificationKind.VISIT_COMPLETED,
        NotificationKind.VISIT_COMPLETION_UNDONE,
    ),
    NotificationSubject.SHIFT: (
        NotificationKind.SHIFT_ASSIGNED,
        NotificationKind.SHIFT_CHANGED,
    ),
    NotificationSubject.SHIFT_SWAP: (
        NotificationKind.SWAP_ASKED,
        NotificationKind.SWAP_ANSWERED,
        NotificationKind.SWAP_DECIDED,
        NotificationKind.SWAP_ENDED,
    ),
    NotificationSubject.TASK: (
        NotificationKind.TASK_ASSIGNED,
        NotificationKind.TASK_CHANGED,
        NotificationKind.TASK_CLOSED,
    ),
    NotificationSubject.UPGRADE_REQUEST: (NotificationKind.UPGRADE_DECIDED,),
    NotificationSubject.ACCOUNT: (NotificationKind.CREDENTIALS_CHANGED,),
    NotificationSubject.RECORD: (NotificationKind.RECORD_ADDED,),
    NotificationSubject.LAB_ORDER: (
        NotificationKind.LAB_SAMPLE_REJECTED,
        NotificationKind.LAB_RESULT_READY,
    ),
    NotificationSubject.LAB_RESULT: (
        NotificationKind.LAB_RESULT_CORRECTED,
        NotificationKind.LAB_RESULT_CRITICAL,
        NotificationKind.CRITICAL_ESCALATED,
    ),
    NotificationSubject.PRESCRIPTION: (
        NotificationKind.PRESCRIPTION_ADDED,
        NotificationKind.PRESCRIPTION_DISCONTINUED,
        NotificationKind.DISPENSE_DECLINED,
    ),
    NotificationSubject.REFILL: (NotificationKind.REFILL_REQUESTED, NotificationKind.REFILL_DECIDED),
    NotificationSubject.DISPENSE: (NotificationKind.MEDICINE_DISPENSED,),
    NotificationSubject.BREAK_GLASS: (NotificationKind.CHART_OPENED_BY_BREAK_GLASS,),
    NotificationSubject.INVOICE: (
        NotificationKind.INVOICE_ISSUED,
        NotificationKind.INVOICE_VOIDED,
        NotificationKind.INVOICE_OVERDUE,
        NotificationKind.INVOICE_REMINDER_DUE,
        NotificationKind.REFUND_DUE,
    ),
    NotificationSubject.PAYMENT: (
        NotificationKind.PAYMENT_RECEIVED,
        NotificationKind.PAYMENT_FAILED,
        NotificationKind.REFUND_COMPLETED,
    ),
    NotificationSubject.ITEM: (NotificationKind.STOCK_LOW, NotificationKind.STOCK_EXPIRING),
    NotificationSubject.PATIENT: (NotificationKind.PATIENT_DETERIORATING,),
}
SUBJECT_OF: Mapping[NotificationKind, NotificationSubject] = {
    kind: subject for subject, kinds in _KINDS.items() for kind in kinds
}
"""The type of the record that each kind of notification is about."""


class NotificationView(View):
    """A notification for one person. It is about the record `subject_id`, whose type is `subject_type`."""

    id: UUID
    kind: NotificationKind
    message: str
    subject_type: NotificationSubject
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
