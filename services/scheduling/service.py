"""The table of the scheduling service."""

from chassis.execution import audit
from chassis.execution.entrypoints import Service, every, hears, serves
from contracts.auth.events import (
    DoctorApproved,
    RoleRevoked,
    SessionsEnded,
    StaffApproved,
    UserDeactivated,
    UserErased,
    UserRegistered,
    UserUpdated,
)
from contracts.clinical.observations import ObservationsEnded, ObservationsOverdue
from contracts.clinical.patients import PatientIdentityChanged, PatientRegistered, PatientVitalStatusChanged
from contracts.clinical.vitals import VitalsRecorded
from contracts.scheduling.appointments.commands import (
    AcceptAppointment,
    BookAppointment,
    CancelAppointment,
    ChangeAppointment,
    RejectAppointment,
    RescheduleAppointment,
)
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.queries import ListAppointments, ListDoctorAppointments, ListPatientAppointments
from contracts.scheduling.appointments.visits import CompleteVisit, MarkArrived, MarkNoShow, StartVisit, UndoCompletion
from contracts.scheduling.audit import ListAudit
from contracts.scheduling.availability import (
    EndTimeOff,
    GetDoctor,
    GetSchedule,
    ListAbsences,
    ListDoctors,
    ListSlots,
    ListTimeOff,
    SetSchedule,
    TakeTimeOff,
)
from contracts.scheduling.calendar_feed import EndCalendarLink, GetCalendar, MakeCalendarLink
from contracts.scheduling.shifts.commands import AssignShift, ChangeShift
from contracts.scheduling.shifts.queries import GetShift, ListColleagues, ListColleagueShifts, ListMyShifts, ListShifts
from contracts.scheduling.shifts.swaps import AnswerSwap, AskForSwap, DecideSwap, ListMySwaps, ListSwaps
from contracts.scheduling.tasks import (
    AcceptTask,
    ChangeTask,
    CompleteTask,
    FailTask,
    GetTask,
    GiveTask,
    ListMyTasks,
    ListTasks,
    RejectTask,
    StartTask,
)
from services.scheduling import calendar_feed, handlers, observation_tasks, tasks
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import completion_undo, history, open_appointments, rescheduling, timers
from services.scheduling.appointments import queries as lists
from services.scheduling.availability import slots, time_off, weekly_hours
from services.scheduling.directory import doctors, patients, people, staff
from services.scheduling.shifts import colleagues, pending_swaps, swaps
from services.scheduling.shifts import commands as shifts
from services.scheduling.shifts import queries as shift_queries


class SchedulingService(Service):
    """Availability and appointments of doctors, shifts and tasks of the staff."""

    name = "scheduling"

    list_doctors = serves(ListDoctors, doctors.listing)
    get_doctor = serves(GetDoctor, doctors.get)
    set_schedule = serves(SetSchedule, weekly_hours.set_schedule)
    get_schedule = serves(GetSchedule, weekly_hours.get_schedule)
    list_slots = serves(ListSlots, slots.listing)
    take_time_off = serves(TakeTimeOff, time_off.take)
    list_time_off = serves(ListTimeOff, time_off.listing)
    list_absences = serves(ListAbsences, time_off.absences)
    end_time_off = serves(EndTimeOff, time_off.end)
    book_appointment = serves(BookAppointment, appointments.book)
    accept_appointment = serves(AcceptAppointment, appointments.accept)
    reject_appointment = serves(RejectAppointment, appointments.reject)
    mark_arrived = serves(MarkArrived, appointments.arrive)
    start_visit = serves(StartVisit, appointments.start)
    complete_visit = serves(CompleteVisit, appointments.complete)
    undo_completion = serves(UndoCompletion, completion_undo.undo_completion)
    mark_no_show = serves(MarkNoShow, appointments.miss)
    cancel_appointment = serves(CancelAppointment, appointments.cancel)
    reschedule_appointment = serves(RescheduleAppointment, rescheduling.reschedule)
    change_appointment = serves(ChangeAppointment, rescheduling.change)
    get_appointment = serves(GetAppointment, history.get)
    list_patient_appointments = serves(ListPatientAppointments, lists.of_patient)
    list_doctor_appointments = serves(ListDoctorAppointments, lists.of_doctor)
    list_appointments = serves(ListAppointments, lists.of_all)
    assign_shift = serves(AssignShift, shifts.assign)
    change_shift = serves(ChangeShift, shifts.change)
    get_shift = serves(GetShift, shift_queries.get)
    list_shifts = serves(ListShifts, shift_queries.listing)
    list_my_shifts = serves(ListMyShifts, shift_queries.own)
    list_colleagues = serves(ListColleagues, colleagues.listing)
    list_colleague_shifts = serves(ListColleagueShifts, colleagues.shifts)
    ask_for_swap = serves(AskForSwap, swaps.ask)
    answer_swap = serves(AnswerSwap, swaps.answer)
    list_my_swaps = serves(ListMySwaps, swaps.own)
    list_swaps = serves(ListSwaps, swaps.listing)
    decide_swap = serves(DecideSwap, swaps.decide)
    give_task = serves(GiveTask, tasks.give)
    change_task = serves(ChangeTask, tasks.change)
    get_task = serves(GetTask, tasks.get)
    list_tasks = serves(ListTasks, tasks.listing)
    list_my_tasks = serves(ListMyTasks, tasks.own)
    accept_task = serves(AcceptTask, tasks.accept)
    start_task = serves(StartTask, tasks.start)
    complete_task = serves(CompleteTask, tasks.complete)
    fail_task = serves(FailTask, tasks.fail)
    reject_task = serves(RejectTask, tasks.reject)
    make_calendar_link = serves(MakeCalendarLink, calendar_feed.make_link)
    end_calendar_link = serves(EndCalendarLink, calendar_feed.end_link)
    get_calendar = serves(GetCalendar, calendar_feed.show)
    list_audit = serves(ListAudit, audit.listing)

    expire_requests = every(timers.PACE, timers.expire_requests)
    expire_displaced = every(timers.PACE, timers.expire_displaced)
    miss_visits = every(timers.PACE, timers.miss_visits)
    displace_visits = every(timers.PACE, timers.displace_visits)

    repeat_open_appointments = every(open_appointments.PACE, open_appointments.repeat)

    expire_swaps = every(timers.PACE, pending_swaps.expire_swaps)

    on_doctor_approved = hears(DoctorApproved, doctors.on_doctor_approved)
    on_staff_approved = hears(StaffApproved, staff.on_staff_approved)
    on_role_revoked = hears(RoleRevoked, handlers.on_role_revoked)
    on_user_deactivated = hears(UserDeactivated, handlers.on_user_deactivated)
    on_sessions_ended = hears(SessionsEnded, calendar_feed.end_older)
    on_user_erased = hears(UserErased, handlers.on_user_erased)
    on_user_registered = hears(UserRegistered, people.on_user_changed)
    on_user_updated = hears(UserUpdated, people.on_user_changed)
    on_patient_vital_status_changed = hears(PatientVitalStatusChanged, handlers.on_patient_vital_status_changed)
    on_patient_registered = hears(PatientRegistered, patients.on_patient_registered)
    on_patient_identity_changed = hears(PatientIdentityChanged, patients.on_patient_identity_changed)
    on_observations_overdue = hears(ObservationsOverdue, observation_tasks.on_observations_overdue)
    on_observations_ended = hears(ObservationsEnded, observation_tasks.on_observations_ended)
    on_vitals_recorded = hears(VitalsRecorded, observation_tasks.on_vitals_recorded)
