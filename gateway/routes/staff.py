"""Routes of staff."""

from contracts import auth, clinical, scheduling
from contracts.roles import DESK, STAFF
from gateway.route import route

PATIENT = "/api/staff/patients/{patient_id}"
DOCTOR = "/api/staff/doctors/{doctor_id}"
VISIT = "/api/staff/appointments/{appointment_id}"
TASK = "/api/staff/tasks/{task_id}"


class StaffRoutes:
    """Patients and visits, as the desk registers, books and corrects them; one's own shifts and tasks."""

    register_at_desk = route(
        "POST", "/api/staff/register-patient", clinical.RegisterPatientAtDesk, status=201, at=PATIENT
    )
    find_patients = route("GET", "/api/staff/patients", clinical.SearchPatients)
    patient_facts = route("GET", PATIENT, clinical.GetPatient)
    correct_patient = route("PATCH", PATIENT, clinical.CorrectPatient)
    invite_patient = route("POST", f"{PATIENT}/invite", auth.InvitePatient, status=202)
    hours_at_desk = route("GET", f"{DOCTOR}/schedule", scheduling.GetSchedule, roles=DESK)
    absences = route("GET", f"{DOCTOR}/time-off", scheduling.ListAbsences)
    desk_visits = route("GET", "/api/staff/appointments", scheduling.ListAppointments)
    book_at_desk = route(
        "POST", "/api/staff/appointments", scheduling.BookAppointment, status=201, roles=DESK, at=VISIT
    )
    desk_visit = route("GET", VISIT, scheduling.GetAppointment, roles=DESK)
    mark_arrived = route("POST", f"{VISIT}/arrive", scheduling.MarkArrived)
    cancel_at_desk = route("POST", f"{VISIT}/cancel", scheduling.CancelAppointment, roles=DESK)
    reschedule_at_desk = route("POST", f"{VISIT}/reschedule", scheduling.RescheduleAppointment, roles=DESK)
    no_show_at_desk = route("POST", f"{VISIT}/no-show", scheduling.MarkNoShow, roles=DESK)
    my_shifts = route("GET", "/api/staff/schedule", scheduling.ListMyShifts, me="person_id")
    colleagues = route("GET", "/api/staff/colleagues", scheduling.ListColleagues)
    shifts_of_colleague = route("GET", "/api/staff/colleagues/{colleague_id}/schedule", scheduling.ListColleagueShifts)
    ask_for_swap = route("POST", "/api/staff/shifts/{shift_id}/swap", scheduling.AskForSwap, status=201)
    my_swaps = route("GET", "/api/staff/shift-swaps", scheduling.ListMySwaps)
    answer_swap = route("POST", "/api/staff/shift-swaps/{swap_id}/answer", scheduling.AnswerSwap)
    my_tasks = route("GET", "/api/staff/tasks", scheduling.ListMyTasks, me="owner_id")
    my_task = route("GET", TASK, scheduling.GetTask, roles=STAFF)
    accept_task = route("POST", f"{TASK}/accept", scheduling.AcceptTask)
    start_task = route("POST", f"{TASK}/start", scheduling.StartTask)
    complete_task = route("POST", f"{TASK}/complete", scheduling.CompleteTask)
    fail_task = route("POST", f"{TASK}/fail", scheduling.FailTask)
    reject_task = route("POST", f"{TASK}/reject", scheduling.RejectTask)
