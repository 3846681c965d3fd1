"""The expected text of each event's notification, for the example of the event."""

from chassis.event import Event
from contracts.auth.events import CredentialsChanged, UpgradeDecided
from contracts.billing.invoices import InvoiceIssued, InvoiceOverdue, InvoiceReminderDue, InvoiceVoided, RefundDue
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
from contracts.clinical.prescriptions import PrescriptionAdded, PrescriptionDiscontinued
from contracts.clinical.records import RecordAdded
from contracts.clinical.refills import RefillDecided, RefillRequested
from contracts.clinical.vitals import PatientDeteriorating
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

VISIT, SHIFT = "Monday 23 November 2026, 14:30", "Monday 23 November 2026, 11:30"
LINES: dict[type[Event], str] = {
    AppointmentRequested: f"A patient has requested an appointment with you on {VISIT}.",
    AppointmentBooked: f"Your appointment on {VISIT} is confirmed.",
    AppointmentRescheduled: (f"Your appointment has changed: it is on {VISIT}. Please check the doctor and the place."),
    AppointmentDisplaced: f"The doctor cannot keep your appointment on {VISIT}. Please choose another time.",
    AppointmentRejected: f"The doctor has declined your appointment request for {VISIT}. Please choose another time.",
    AppointmentCancelled: f"Your appointment on {VISIT} is cancelled.",
    AppointmentExpired: f"Your appointment request for {VISIT} was not confirmed and has expired.",
    AppointmentMissed: f"You missed your appointment on {VISIT}.",
    PatientArrived: f"Your patient for {VISIT} has arrived.",
    VisitCompleted: f"Your visit on {VISIT} is complete.",
    VisitCompletionUndone: (
        f"Your visit on {VISIT} was marked as completed by mistake. The appointment takes place as booked."
    ),
    ShiftAssigned: f"You have a new shift. It starts on {SHIFT}.",
    ShiftChanged: f"Your shift on {SHIFT} is now on another ward.",
    SwapAsked: f"A colleague asks you to take a shift that starts on {SHIFT}.",
    SwapAnswered: f"A colleague agrees to take your shift on {SHIFT}. An admin decides next.",
    SwapDecided: f"An admin has refused the swap of the shift on {SHIFT}.",
    SwapEnded: f"The swap of the shift on {SHIFT} expired without a decision.",
    TaskAssigned: "You have a new urgent task.",
    TaskChanged: "One of your tasks has changed: it is now urgent, and it is due on Monday 23 November 2026, 22:30.",
    TaskClosed: "A task that you assigned is done.",
    CredentialsChanged: "Your password was changed. If you did not do this, tell the hospital.",
    UpgradeDecided: "Your request for the role of doctor was approved.",
    PrescriptionAdded: "You have a new prescription.",
    PrescriptionDiscontinued: "A doctor has ended one of your prescriptions. Please see which.",
    RefillRequested: "A patient has requested a refill of a prescription.",
    RefillDecided: "Your refill request is approved. The pharmacy can dispense it.",
    MedicineDispensed: "The pharmacy has dispensed one of your prescriptions.",
    DispenseDeclined: "The pharmacy has declined to dispense one of your prescriptions. Please see the reason.",
    RecordAdded: "There is a new entry in your health record.",
    LabSampleRejected: ("The laboratory could not use a specimen of your patient. Please arrange a new collection."),
    LabResultReady: "You have new laboratory results.",
    LabResultCorrected: "One of your laboratory results was corrected. Please read it again.",
    LabResultCritical: "A laboratory result of your patient needs your attention at once. Please acknowledge it.",
    CriticalEscalated: (
        "A laboratory result of your patient needs your attention at once. No doctor has acknowledged it since "
        f"{VISIT}."
    ),
    ChartOpenedByBreakGlass: "A doctor has opened a chart in an emergency. Please review the access.",
    InvoiceIssued: "You have a new invoice for 80.00 EUR.",
    InvoiceVoided: "Your invoice for 80.00 EUR is void. You have nothing to pay.",
    InvoiceOverdue: "Your invoice is overdue: 80.00 EUR is still open. Please pay it.",
    InvoiceReminderDue: "Reminder: 80.00 EUR of your overdue invoice is still open. Please pay it.",
    RefundDue: "The hospital owes you a refund of 80.00 EUR, because a visit was marked as completed by mistake.",
    PaymentReceived: "We received your payment of 80.00 EUR.",
    PaymentFailed: "Your payment of 80.00 EUR failed. You can try again.",
    RefundCompleted: "We paid 80.00 EUR back to you.",
    StockLow: "The stock of a medicine is low: 12 left, the reorder level is 100. Open the inventory.",
    StockExpiring: "A batch in stock expires on Wednesday 20 January 2027. Open the inventory.",
    PatientDeteriorating: "A patient needs an urgent review. Open the patient's chart.",
}
FIRST_READER = {
    AppointmentExpired: "patient_id",
    AppointmentRescheduled: "patient_id",
    CriticalEscalated: "doctor",
    LabResultCorrected: "patient_id",
    LabResultReady: "patient_id",
    TaskAssigned: "owner_id",
    PrescriptionDiscontinued: "patient_id",
    RefillDecided: "patient_id",
    DispenseDeclined: "patient_id",
}
"""Events whose text depends on the reader: the field of the reader in `LINES`."""
