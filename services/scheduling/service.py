"""Everything that the scheduling service does."""

from chassis import auditing
from chassis.entrypoints import Service, every, hears, serves
from contracts import auth, clinical, scheduling
from services.scheduling import (
    appointments,
    calendar,
    colleagues,
    deaths,
    doctors,
    histories,
    lists,
    moving,
    open_swaps,
    patients,
    people,
    shifts,
    slots,
    staff,
    swaps,
    tasks,
    time_off,
    timers,
    undoing,
)


class SchedulingService(Service):
    """When: doctors' calendars and visits, the staff's shifts and tasks."""

    name = "scheduling"

    list_doctors = serves(scheduling.ListDoctors, doctors.listing)
    get_doctor = serves(scheduling.GetDoctor, doctors.get)
    set_schedule = serves(scheduling.SetSchedule, slots.set_schedule)
    get_schedule = serves(scheduling.GetSchedule, slots.get_schedule)
    list_slots = serves(scheduling.ListSlots, slots.listing)
    take_time_off = serves(scheduling.TakeTimeOff, time_off.take)
    list_time_off = serves(scheduling.ListTimeOff, time_off.listing)
    list_absences = serves(scheduling.ListAbsences, time_off.absences)
    end_time_off = serves(scheduling.EndTimeOff, time_off.end)
    book_appointment = serves(scheduling.BookAppointment, appointments.book)
    accept_appointment = serves(scheduling.AcceptAppointment, appointments.accept)
    reject_appointment = serves(scheduling.RejectAppointment, appointments.reject)
    mark_arrived = serves(scheduling.MarkArrived, appointments.arrive)
    start_visit = serves(scheduling.StartVisit, appointments.start)
    complete_visit = serves(scheduling.CompleteVisit, appointments.complete)
    undo_completion = serves(scheduling.UndoCompletion, undoing.undo_completion)
    mark_no_show = serves(scheduling.MarkNoShow, appointments.miss)
    cancel_appointment = serves(scheduling.CancelAppointment, appointments.cancel)
    reschedule_appointment = serves(scheduling.RescheduleAppointment, moving.reschedule)
    change_appointment = serves(scheduling.ChangeAppointment, moving.change)
    get_appointment = serves(scheduling.GetAppointment, histories.get)
    list_patient_appointments = serves(scheduling.ListPatientAppointments, lists.of_patient)
    list_doctor_appointments = serves(scheduling.ListDoctorAppointments, lists.of_doctor)
    list_appointments = serves(scheduling.ListAppointments, lists.of_all)
    assign_shift = serves(scheduling.AssignShift, shifts.assign)
    change_shift = serves(scheduling.ChangeShift, shifts.change)
    get_shift = serves(scheduling.GetShift, shifts.get)
    list_shifts = serves(scheduling.ListShifts, shifts.listing)
    list_my_shifts = serves(scheduling.ListMyShifts, shifts.own)
    list_colleagues = serves(scheduling.ListColleagues, colleagues.listing)
    list_colleague_shifts = serves(scheduling.ListColleagueShifts, colleagues.shifts)
    ask_for_swap = serves(scheduling.AskForSwap, swaps.ask)
    answer_swap = serves(scheduling.AnswerSwap, swaps.answer)
    list_my_swaps = serves(scheduling.ListMySwaps, swaps.own)
    list_swaps = serves(scheduling.ListSwaps, swaps.listing)
    decide_swap = serves(scheduling.DecideSwap, swaps.decide)
    give_task = serves(scheduling.GiveTask, tasks.give)
    change_task = serves(scheduling.ChangeTask, tasks.change)
    get_task = serves(scheduling.GetTask, tasks.get)
    list_tasks = serves(scheduling.ListTasks, tasks.listing)
    list_my_tasks = serves(scheduling.ListMyTasks, tasks.own)
    accept_task = serves(scheduling.AcceptTask, tasks.accept)
    start_task = serves(scheduling.StartTask, tasks.start)
    complete_task = serves(scheduling.CompleteTask, tasks.complete)
    fail_task = serves(scheduling.FailTask, tasks.fail)
    reject_task = serves(scheduling.RejectTask, tasks.reject)
    make_calendar_link = serves(scheduling.MakeCalendarLink, calendar.make_link)
    end_calendar_link = serves(scheduling.EndCalendarLink, calendar.end_link)
    get_calendar = serves(scheduling.GetCalendar, calendar.show)
    list_audit = serves(scheduling.ListAudit, auditing.listing)

    expire_requests = every(timers.PACE, timers.expire_requests)
    expire_displaced = every(timers.PACE, timers.expire_displaced)
    miss_visits = every(timers.PACE, timers.miss_visits)
    displace_visits = every(timers.PACE, timers.displace_visits)

    expire_swaps = every(timers.PACE, open_swaps.expire_swaps)

    on_doctor_approved = hears(auth.DoctorApproved, doctors.remember)
    on_staff_approved = hears(auth.StaffApproved, staff.remember)
    on_role_revoked = hears(auth.RoleRevoked, people.dismiss)
    on_user_deactivated = hears(auth.UserDeactivated, people.suspend)
    on_sessions_ended = hears(auth.SessionsEnded, calendar.end_older)
    on_user_erased = hears(auth.UserErased, people.forget)
    on_user_registered = hears(auth.UserRegistered, patients.remember)
    on_user_updated = hears(auth.UserUpdated, patients.remember)
    on_patient_vital_status_changed = hears(clinical.PatientVitalStatusChanged, deaths.note)
    on_patient_registered = hears(clinical.PatientRegistered, patients.admit)
