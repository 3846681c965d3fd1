"""The table of everything that the notify service does."""

from chassis.execution import audit
from chassis.execution.entrypoints import Service, every, hears, serves
from contracts.auth.events import (
    AdminChanged,
    CredentialsChanged,
    MailTokenIssued,
    UpgradeDecided,
    UserErased,
    UserRegistered,
    UserUpdated,
)
from contracts.billing.invoices import InvoiceIssued, InvoiceOverdue, InvoiceReminderDue, InvoiceVoided, RefundDue
from contracts.billing.pay_links import PayLinkIssued
from contracts.billing.payments import PaymentFailed, PaymentReceived
from contracts.billing.refunds import RefundCompleted
from contracts.clinical.break_glass import ChartOpenedByBreakGlass
from contracts.clinical.critical_alerts import CriticalEscalated
from contracts.clinical.dispenses import DispenseDeclined, MedicineDispensed
from contracts.clinical.inventory.events import StockExpiring, StockLow
from contracts.clinical.labs.events import (
    LabResultCorrected,
    LabResultCritical,
    LabResultReady,
    LabSampleRejected,
)
from contracts.clinical.patients import PatientRegistered, PatientUpdated, PatientVitalStatusChanged
from contracts.clinical.prescriptions import PrescriptionAdded, PrescriptionDiscontinued
from contracts.clinical.records import RecordAdded
from contracts.clinical.refills import RefillDecided, RefillRequested
from contracts.clinical.vitals import PatientDeteriorating
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
from services.notify.deliveries import handlers as mail_requests
from services.notify.deliveries import mail, timers
from services.notify.directory import admins, contacts, deceased
from services.notify.notifications import commands, handlers, queries
from services.notify.notifications.handlers import notifies


class NotifyService(Service):
    """Notifications in the app, and mails."""

    name = "notify"

    list_notifications = serves(ListNotifications, queries.list_own)
    read_notification = serves(ReadNotification, commands.mark_read)
    list_audit = serves(ListAudit, audit.listing)

    on_appointment_requested = hears(AppointmentRequested, notifies("doctor_id"))
    on_appointment_booked = hears(AppointmentBooked, handlers.on_appointment_booked)
    on_appointment_rescheduled = hears(AppointmentRescheduled, handlers.on_appointment_rescheduled)
    on_appointment_rejected = hears(AppointmentRejected, notifies("patient_id"))
    on_appointment_cancelled = hears(AppointmentCancelled, handlers.on_appointment_cancelled)
    on_appointment_expired = hears(AppointmentExpired, notifies("patient_id", "doctor_id"))
    on_appointment_missed = hears(AppointmentMissed, notifies("patient_id"))
    on_patient_arrived = hears(PatientArrived, notifies("doctor_id"))
    on_appointment_displaced = hears(AppointmentDisplaced, notifies("patient_id"))
    on_visit_completed = hears(VisitCompleted, notifies("patient_id"))
    on_visit_completion_undone = hears(VisitCompletionUndone, notifies("patient_id", "doctor_id"))
    on_shift_assigned = hears(ShiftAssigned, notifies("person_id"))
    on_shift_changed = hears(ShiftChanged, notifies("person_id"))
    on_swap_asked = hears(SwapAsked, notifies("asked_of"))
    on_swap_answered = hears(SwapAnswered, handlers.on_swap_answered)
    on_swap_decided = hears(SwapDecided, handlers.on_swap_decided)
    on_swap_ended = hears(SwapEnded, notifies("asked_by", "asked_of"))
    on_task_assigned = hears(TaskAssigned, notifies("owner_id", "former_owner_id"))
    on_task_changed = hears(TaskChanged, notifies("owner_id"))
    on_task_closed = hears(TaskClosed, handlers.on_task_closed)
    on_upgrade_decided = hears(UpgradeDecided, notifies("user_id"))
    on_prescription_added = hears(PrescriptionAdded, notifies("patient_id"))
    on_prescription_discontinued = hears(PrescriptionDiscontinued, handlers.on_prescription_discontinued)
    on_refill_requested = hears(RefillRequested, handlers.on_refill_requested)
    on_refill_decided = hears(RefillDecided, handlers.on_refill_decided)
    on_medicine_dispensed = hears(MedicineDispensed, notifies("patient_id"))
    on_dispense_declined = hears(DispenseDeclined, notifies("patient_id", "doctor_id"))
    on_record_added = hears(RecordAdded, handlers.on_record_added)
    on_lab_sample_rejected = hears(LabSampleRejected, notifies("doctor_id"))
    on_lab_result_ready = hears(LabResultReady, notifies("patient_id", "doctor_id"))
    on_lab_result_corrected = hears(LabResultCorrected, notifies("patient_id", "doctor_id"))
    on_lab_result_critical = hears(LabResultCritical, notifies("doctor_id"))
    on_critical_escalated = hears(CriticalEscalated, handlers.on_critical_escalated)
    on_chart_opened_by_break_glass = hears(ChartOpenedByBreakGlass, handlers.notifies_admins)
    on_invoice_issued = hears(InvoiceIssued, notifies("patient_id"))
    on_invoice_voided = hears(InvoiceVoided, notifies("patient_id"))
    on_invoice_overdue = hears(InvoiceOverdue, notifies("patient_id"))
    on_invoice_reminder_due = hears(InvoiceReminderDue, notifies("patient_id"))
    on_refund_due = hears(RefundDue, notifies("patient_id"))
    on_payment_received = hears(PaymentReceived, notifies("patient_id"))
    on_payment_failed = hears(PaymentFailed, notifies("patient_id"))
    on_refund_completed = hears(RefundCompleted, notifies("patient_id"))
    on_stock_low = hears(StockLow, handlers.on_stock_alert)
    on_stock_expiring = hears(StockExpiring, handlers.on_stock_alert)
    on_patient_deteriorating = hears(PatientDeteriorating, handlers.on_patient_deteriorating)

    on_admin_changed = hears(AdminChanged, admins.on_admin_changed)
    on_user_registered = hears(UserRegistered, contacts.on_user_registered)
    on_user_updated = hears(UserUpdated, contacts.on_user_updated)
    on_user_erased = hears(UserErased, contacts.on_user_erased)
    on_patient_registered = hears(PatientRegistered, contacts.on_patient_registered)
    on_patient_updated = hears(PatientUpdated, contacts.on_patient_updated)
    on_patient_vital_status_changed = hears(PatientVitalStatusChanged, deceased.on_patient_vital_status_changed)
    on_mail_token_issued = hears(MailTokenIssued, mail_requests.on_mail_token_issued, wakes="send_mails")
    on_pay_link_issued = hears(PayLinkIssued, mail_requests.on_pay_link_issued, wakes="send_mails")
    on_credentials_changed = hears(CredentialsChanged, mail_requests.on_credentials_changed, wakes="send_mails")
    send_mails = every(1.0, timers.claim_due, outside=mail.send_all, then=timers.record_outcomes)
