"""Routes of patients."""

from contracts import billing, clinical, scheduling
from contracts.roles import Role
from gateway.route import route

VISIT = "/api/patient/appointments/{appointment_id}"
PATIENT = frozenset({Role.PATIENT})


class PatientRoutes:
    """A patient's visits, prescriptions, invoices and payments."""

    appointments = route("GET", "/api/patient/appointments", scheduling.ListPatientAppointments, me="patient_id")
    book_appointment = route(
        "POST",
        "/api/patient/book-appointment",
        scheduling.BookAppointment,
        me="patient_id",
        status=201,
        roles=PATIENT,
        at=VISIT,
    )
    appointment = route("GET", VISIT, scheduling.GetAppointment, roles=PATIENT)
    cancel_appointment = route("POST", f"{VISIT}/cancel", scheduling.CancelAppointment, roles=PATIENT)
    move_appointment = route("POST", f"{VISIT}/reschedule", scheduling.RescheduleAppointment, roles=PATIENT)
    my_prescriptions = route("GET", "/api/patient/prescriptions", clinical.ListMyPrescriptions, me="patient_id")
    my_facts = route("GET", "/api/patient/profile", clinical.GetMyProfile, me="patient_id")
    update_my_facts = route("PATCH", "/api/patient/profile", clinical.UpdateMyProfile, me="patient_id")
    invoices = route("GET", "/api/patient/invoices", billing.ListMyInvoices, me="patient_id")
    pay = route("POST", "/api/patient/invoices/{invoice_id}/pay", billing.PayInvoice, me="patient_id", status=201)
    payments = route("GET", "/api/patient/payments", billing.ListMyPayments, me="patient_id")
