"""Everything that the notify service does."""

from chassis.execution import audit
from chassis.execution.entrypoints import Service, every, hears, serves
from contracts.auth.events import (
    CredentialsChanged,
    MailTokenIssued,
    UpgradeDecided,
    UserErased,
    UserRegistered,
    UserUpdated,
)
from contracts.billing.invoices import InvoiceIssued, InvoiceVoided, RefundDue
from contracts.billing.payments import PaymentFailed, PaymentReceived
from contracts.clinical.patients import PatientRegistered, PatientUpdated, PatientVitalStatusChanged
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.notify.audit import ListAudit
from contracts.notify.notifications import ListNotifications, ReadNotification
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentExpired,
    AppointmentMissed,
    AppointmentRejected,
    AppointmentRequested,
    AppointmentRescheduled,
    PatientArrived,
    VisitCompleted,
    VisitCompletionUndone,
)
from contracts.scheduling.shifts.events import ShiftAssigned, ShiftChanged
from contracts.scheduling.shifts.swaps import SwapAnswered, SwapAsked, SwapDecided, SwapEnded
from contracts.scheduling.tasks import TaskAssigned, TaskChanged, TaskClosed
from services.notify import deliveries, mail
from services.notify.directory import contacts, deceased
from services.notify.notifications import appointments, swaps, tasks
from services.notify.notifications import commands as notifications
from services.notify.notifications.commands import tells


class NotifyService(Service):
    """Who must know: notifications in the app, and mails."""

    name = "notify"

    list_notifications = serves(ListNotifications, notifications.listing)
    read_notification = serves(ReadNotification, notifications.read)
    list_audit = serves(ListAudit, audit.listing)

    on_appointment_requested = hears(AppointmentRequested, tells("doctor_id"))
    on_appointment_booked = hears(AppointmentBooked, appointments.booked)
    on_appointment_rescheduled = hears(AppointmentRescheduled, appointments.rescheduled)
    on_appointment_rejected = hears(AppointmentRejected, tells("patient_id"))
    on_appointment_cancelled = hears(AppointmentCancelled, tells("patient_id", "doctor_id"))
    on_appointment_expired = hears(AppointmentExpired, tells("patient_id", "doctor_id"))
    on_appointment_missed = hears(AppointmentMissed, tells("patient_id"))
    on_patient_arrived = hears(PatientArrived, tells("doctor_id"))
    on_appointment_displaced = hears(AppointmentDisplaced, tells("patient_id"))
    on_visit_completed = hears(VisitCompleted, tells("patient_id"))
    on_visit_completion_undone = hears(VisitCompletionUndone, tells("patient_id", "doctor_id"))
    on_shift_assigned = hears(ShiftAssigned, tells("person_id"))
    on_shift_changed = hears(ShiftChanged, tells("person_id"))
    on_swap_asked = hears(SwapAsked, tells("asked_of"))
    on_swap_answered = hears(SwapAnswered, swaps.answered)
    on_swap_decided = hears(SwapDecided, swaps.decided)
    on_swap_ended = hears(SwapEnded, tells("asked_by", "asked_of"))
    on_task_assigned = hears(TaskAssigned, tasks.assigned)
    on_task_changed = hears(TaskChanged, tells("owner_id"))
    on_task_closed = hears(TaskClosed, tasks.closed)
    on_upgrade_decided = hears(UpgradeDecided, tells("user_id"))
    on_prescription_added = hears(PrescriptionAdded, tells("patient_id"))
    on_invoice_issued = hears(InvoiceIssued, tells("patient_id"))
    on_invoice_voided = hears(InvoiceVoided, tells("patient_id"))
    on_refund_due = hears(RefundDue, tells("patient_id"))
    on_payment_received = hears(PaymentReceived, tells("patient_id"))
    on_payment_failed = hears(PaymentFailed, tells("patient_id"))

    on_user_registered = hears(UserRegistered, contacts.remember)
    on_user_updated = hears(UserUpdated, contacts.remember)
    on_user_erased = hears(UserErased, contacts.forget)
    on_patient_registered = hears(PatientRegistered, contacts.remember_patient)
    on_patient_updated = hears(PatientUpdated, contacts.remember_patient)
    on_patient_vital_status_changed = hears(PatientVitalStatusChanged, deceased.note)
    on_mail_token_issued = hears(MailTokenIssued, deliveries.mail_token, wakes="send_mails")
    on_credentials_changed = hears(CredentialsChanged, deliveries.credentials_changed, wakes="send_mails")
    send_mails = every(1.0, deliveries.claim, outside=mail.send_all, then=deliveries.record)
