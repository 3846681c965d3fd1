"""Routes of doctors, and the directory of them."""

from contracts import clinical, scheduling
from gateway.route import route


class DoctorRoutes:
    """The directory, and a doctor's hours, visits and prescriptions."""

    directory = route("GET", "/api/doctors", scheduling.ListDoctors)
    slots = route("GET", "/api/doctors/{doctor_id}/slots", scheduling.ListSlots)
    schedule = route("GET", "/api/doctors/schedule", scheduling.GetSchedule, me="doctor_id")
    set_schedule = route("PUT", "/api/doctors/schedule", scheduling.SetSchedule, me="doctor_id")
    visits = route("GET", "/api/doctors/appointments", scheduling.ListDoctorAppointments, me="doctor_id")
    accept = route("POST", "/api/doctors/appointments/{appointment_id}/accept", scheduling.AcceptAppointment)
    start = route("POST", "/api/doctors/appointments/{appointment_id}/start", scheduling.StartVisit)
    complete = route("POST", "/api/doctors/appointments/{appointment_id}/complete", scheduling.CompleteVisit)
    prescribe = route("POST", "/api/doctors/prescribe", clinical.Prescribe, status=201)
    prescriptions = route("GET", "/api/doctors/prescriptions/{patient_id}", clinical.ListPrescriptionsOfPatient)
