"""Everything that the scheduling service does."""

from chassis import auditing
from chassis.entrypoints import Service, hears, serves
from contracts import auth, scheduling
from services.scheduling import appointments, doctors, slots


class SchedulingService(Service):
    """When: doctors' calendars and appointments."""

    name = "scheduling"

    list_doctors = serves(scheduling.ListDoctors, doctors.listing)
    set_schedule = serves(scheduling.SetSchedule, slots.set_schedule)
    get_schedule = serves(scheduling.GetSchedule, slots.get_schedule)
    list_slots = serves(scheduling.ListSlots, slots.listing)
    book_appointment = serves(scheduling.BookAppointment, appointments.book)
    accept_appointment = serves(scheduling.AcceptAppointment, appointments.accept)
    start_visit = serves(scheduling.StartVisit, appointments.start)
    complete_visit = serves(scheduling.CompleteVisit, appointments.complete)
    list_patient_appointments = serves(scheduling.ListPatientAppointments, appointments.of_patient)
    list_doctor_appointments = serves(scheduling.ListDoctorAppointments, appointments.of_doctor)
    list_audit = serves(scheduling.ListAudit, auditing.listing)

    on_doctor_approved = hears(auth.DoctorApproved, doctors.remember)
    on_role_revoked = hears(auth.RoleRevoked, doctors.dismiss)
    on_user_deactivated = hears(auth.UserDeactivated, doctors.suspend)
    on_user_erased = hears(auth.UserErased, doctors.forget)
