"""Everything that the notify service does."""

from chassis import auditing
from chassis.entrypoints import Service, every, hears, serves
from contracts import auth, billing, clinical, notify, scheduling
from services.notify import contacts, deaths, deliveries, mail, notifications, swaps, tasks, visits
from services.notify.notifications import tells


class NotifyService(Service):
    """Who must know: notifications in the app, and mails."""

    name = "notify"

    list_notifications = serves(notify.ListNotifications, notifications.listing)
    read_notification = serves(notify.ReadNotification, notifications.read)
    list_audit = serves(notify.ListAudit, auditing.listing)

    on_appointment_requested = hears(scheduling.AppointmentRequested, tells("doctor_id"))
    on_appointment_booked = hears(scheduling.AppointmentBooked, visits.booked)
    on_appointment_rescheduled = hears(scheduling.AppointmentRescheduled, visits.rescheduled)
    on_appointment_rejected = hears(scheduling.AppointmentRejected, tells("patient_id"))
    on_appointment_cancelled = hears(scheduling.AppointmentCancelled, tells("patient_id", "doctor_id"))
    on_appointment_expired = hears(scheduling.AppointmentExpired, tells("patient_id", "doctor_id"))
    on_appointment_missed = hears(scheduling.AppointmentMissed, tells("patient_id"))
    on_patient_arrived = hears(scheduling.PatientArrived, tells("doctor_id"))
    on_appointment_displaced = hears(scheduling.AppointmentDisplaced, tells("patient_id"))
    on_visit_completed = hears(scheduling.VisitCompleted, tells("patient_id"))
    on_visit_completion_undone = hears(scheduling.VisitCompletionUndone, tells("patient_id", "doctor_id"))
    on_shift_assigned = hears(scheduling.ShiftAssigned, tells("person_id"))
    on_shift_changed = hears(scheduling.ShiftChanged, tells("person_id"))
    on_swap_asked = hears(scheduling.SwapAsked, tells("asked_of"))
    on_swap_answered = hears(scheduling.SwapAnswered, swaps.answered)
    on_swap_decided = hears(scheduling.SwapDecided, swaps.decided)
    on_swap_ended = hears(scheduling.SwapEnded, tells("asked_by", "asked_of"))
    on_task_assigned = hears(scheduling.TaskAssigned, tasks.assigned)
    on_task_changed = hears(scheduling.TaskChanged, tells("owner_id"))
    on_task_closed = hears(scheduling.TaskClosed, tasks.closed)
    on_upgrade_decided = hears(auth.UpgradeDecided, tells("user_id"))
    on_prescription_added = hears(clinical.PrescriptionAdded, tells("patient_id"))
    on_invoice_issued = hears(billing.InvoiceIssued, tells("patient_id"))
    on_invoice_voided = hears(billing.InvoiceVoided, tells("patient_id"))
    on_refund_due = hears(billing.RefundDue, tells("patient_id"))
    on_payment_received = hears(billing.PaymentReceived, tells("patient_id"))
    on_payment_failed = hears(billing.PaymentFailed, tells("patient_id"))

    on_user_registered = hears(auth.UserRegistered, contacts.remember)
    on_user_updated = hears(auth.UserUpdated, contacts.remember)
    on_user_erased = hears(auth.UserErased, contacts.forget)
    on_patient_registered = hears(clinical.PatientRegistered, contacts.remember_patient)
    on_patient_updated = hears(clinical.PatientUpdated, contacts.remember_patient)
    on_patient_vital_status_changed = hears(clinical.PatientVitalStatusChanged, deaths.note)
    on_mail_token_issued = hears(auth.MailTokenIssued, deliveries.mail_token, wakes="send_mails")
    on_credentials_changed = hears(auth.CredentialsChanged, deliveries.credentials_changed, wakes="send_mails")
    send_mails = every(1.0, deliveries.claim, outside=mail.send_all, then=deliveries.record)
