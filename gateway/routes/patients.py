"""Routes of patients."""

from contracts.billing.invoices import GetMyInvoice, ListMyInvoices
from contracts.billing.papers import PrintMyInvoice
from contracts.billing.payments import ListMyPayments, PayInvoice
from contracts.clinical.charts import ListMyChartAccess
from contracts.clinical.history import GetMyHistory
from contracts.clinical.labs.queries import ListMyLabTests
from contracts.clinical.patients import GetMyProfile, UpdateMyProfile
from contracts.clinical.prescriptions import ListMyPrescriptions
from contracts.clinical.refills import ListMyRefillRequests, RequestRefill
from contracts.roles import Role
from contracts.scheduling.appointments.commands import BookAppointment, CancelAppointment, RescheduleAppointment
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.queries import ListPatientAppointments
from gateway.papers import paper, statement
from gateway.route import route

VISIT = "/api/patient/appointments/{appointment_id}"
PATIENT = frozenset({Role.PATIENT})


class PatientRoutes:
    """A patient's appointments, prescriptions, profile, invoices and payments."""

    appointments = route("GET", "/api/patient/appointments", ListPatientAppointments, me="patient_id")
    book_appointment = route(
        "POST",
        "/api/patient/book-appointment",
        BookAppointment,
        me="patient_id",
        status=201,
        roles=PATIENT,
        at=VISIT,
    )
    appointment = route("GET", VISIT, GetAppointment, roles=PATIENT)
    cancel_appointment = route("POST", f"{VISIT}/cancel", CancelAppointment, roles=PATIENT)
    move_appointment = route("POST", f"{VISIT}/reschedule", RescheduleAppointment, roles=PATIENT)
    my_prescriptions = route("GET", "/api/patient/prescriptions", ListMyPrescriptions, me="patient_id")
    my_lab_tests = route("GET", "/api/patient/lab-tests", ListMyLabTests, me="patient_id")
    request_refill = route(
        "POST", "/api/patient/prescriptions/{prescription_id}/refill", RequestRefill, me="patient_id", status=201
    )
    my_refill_requests = route("GET", "/api/patient/refill-requests", ListMyRefillRequests, me="patient_id")
    my_history = route("GET", "/api/patient/history", GetMyHistory, me="patient_id")
    my_access_log = route("GET", "/api/patient/access-log", ListMyChartAccess, me="patient_id")
    my_facts = route("GET", "/api/patient/profile", GetMyProfile, me="patient_id")
    update_my_facts = route("PATCH", "/api/patient/profile", UpdateMyProfile, me="patient_id")
    invoices = route("GET", "/api/patient/invoices", ListMyInvoices, me="patient_id")
    invoice = route("GET", "/api/patient/invoices/{invoice_id}", GetMyInvoice, me="patient_id")
    my_invoice_paper = paper("/api/patient/invoices/{invoice_id}.pdf", PrintMyInvoice, me="patient_id")
    my_statement = statement("/api/patient/statement")
    pay = route("POST", "/api/patient/invoices/{invoice_id}/pay", PayInvoice, me="patient_id", status=201)
    payments = route("GET", "/api/patient/payments", ListMyPayments, me="patient_id")
