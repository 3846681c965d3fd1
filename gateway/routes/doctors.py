"""Routes of doctors, and the directory of them."""

from contracts import clinical, scheduling
from contracts.roles import Role
from gateway.route import route

VISIT = "/api/doctors/appointments/{appointment_id}"
DOCTOR = frozenset({Role.DOCTOR})


class DoctorRoutes:
    """The directory, and a doctor's hours, times off, visits and prescriptions."""

    directory = route("GET", "/api/doctors", scheduling.ListDoctors)
    doctor = route("GET", "/api/doctors/{doctor_id}", scheduling.GetDoctor)
    slots = route("GET", "/api/doctors/{doctor_id}/slots", scheduling.ListSlots)
    schedule = route("GET", "/api/doctors/schedule", scheduling.GetSchedule, me="doctor_id", roles=DOCTOR)
    set_schedule = route("PUT", "/api/doctors/schedule", scheduling.SetSchedule, me="doctor_id", roles=DOCTOR)
    times_off = route("GET", "/api/doctors/time-off", scheduling.ListTimeOff, me="doctor_id", roles=DOCTOR)
    take_time_off = route(
        "POST", "/api/doctors/time-off", scheduling.TakeTimeOff, me="doctor_id", status=201, roles=DOCTOR
    )
    end_time_off = route(
        "DELETE", "/api/doctors/time-off/{time_off_id}", scheduling.EndTimeOff, me="doctor_id", roles=DOCTOR
    )
    visits = route("GET", "/api/doctors/appointments", scheduling.ListDoctorAppointments, me="doctor_id")
    book_own = route(
        "POST",
        "/api/doctors/appointments",
        scheduling.BookAppointment,
        me="doctor_id",
        status=201,
        roles=DOCTOR,
        at=VISIT,
    )
    visit = route("GET", VISIT, scheduling.GetAppointment, roles=DOCTOR)
    accept = route("POST", f"{VISIT}/accept", scheduling.AcceptAppointment)
    reject = route("POST", f"{VISIT}/reject", scheduling.RejectAppointment)
    start = route("POST", f"{VISIT}/start", scheduling.StartVisit)
    complete = route("POST", f"{VISIT}/complete", scheduling.CompleteVisit)
    mark_no_show = route("POST", f"{VISIT}/no-show", scheduling.MarkNoShow, roles=DOCTOR)
    reschedule = route("POST", f"{VISIT}/reschedule", scheduling.RescheduleAppointment, roles=DOCTOR)
    prescribe = route("POST", "/api/doctors/prescribe", clinical.Prescribe, status=201)
    prescriptions = route("GET", "/api/doctors/prescriptions/{patient_id}", clinical.ListPrescriptionsOfPatient)
