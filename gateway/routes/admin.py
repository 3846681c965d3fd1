"""Routes of admins."""

from contracts import auth, billing, clinical, scheduling
from contracts.audit import ADMINS, ListAuditTrail
from gateway.audit import trail
from gateway.route import composed, route

VISIT = "/api/admin/appointments/{appointment_id}"
DOCTOR = "/api/admin/doctors/{doctor_id}"
SHIFT = "/api/admin/shifts/{shift_id}"
TASK = "/api/admin/tasks/{task_id}"


class AdminRoutes:
    """Accounts, roles, all visits, when doctors can be visited, who works when on what, prices, and who did what."""

    users = route("GET", "/api/admin/users", auth.ListUsers)
    user = route("GET", "/api/admin/users/{user_id}", auth.GetUser)
    update_user = route("PATCH", "/api/admin/users/{user_id}", auth.UpdateUser)
    assign_roles = route("PUT", "/api/admin/users/{user_id}/roles", auth.AssignRoles)
    reset_mfa = route("DELETE", "/api/admin/users/{user_id}/mfa", auth.ResetMfa)
    erase_user = route("DELETE", "/api/admin/delete-user/{user_id}", auth.EraseUser)
    audit = composed("GET", "/api/admin/audit", ListAuditTrail, trail)
    upgrade_requests = route("GET", "/api/admin/upgrade-requests", auth.ListUpgradeRequests)
    approve_upgrade = route("POST", "/api/admin/approve-upgrade", auth.DecideUpgrade)
    patients = route("GET", "/api/admin/patients", clinical.SearchPatients, roles=ADMINS)
    doctors = route("GET", "/api/admin/doctors", auth.ListDoctorAccounts)
    staff = route("GET", "/api/admin/staff", auth.ListStaff)
    appointments_of_all = route("GET", "/api/admin/appointments", scheduling.ListAppointments, roles=ADMINS)
    any_appointment = route("GET", VISIT, scheduling.GetAppointment, roles=ADMINS)
    change_appointment = route("PATCH", VISIT, scheduling.ChangeAppointment)
    cancel_any_appointment = route("POST", f"{VISIT}/cancel", scheduling.CancelAppointment, roles=ADMINS)
    undo_completion = route("POST", f"{VISIT}/undo-completion", scheduling.UndoCompletion)
    hours_of_doctor = route("GET", f"{DOCTOR}/schedule", scheduling.GetSchedule, roles=ADMINS)
    set_hours_of_doctor = route("PUT", f"{DOCTOR}/schedule", scheduling.SetSchedule, roles=ADMINS)
    times_off_of_doctor = route("GET", f"{DOCTOR}/time-off", scheduling.ListTimeOff, roles=ADMINS)
    give_time_off = route("POST", f"{DOCTOR}/time-off", scheduling.TakeTimeOff, status=201, roles=ADMINS)
    take_time_off_back = route("DELETE", f"{DOCTOR}/time-off/{{time_off_id}}", scheduling.EndTimeOff, roles=ADMINS)
    shifts = route("GET", "/api/admin/shifts", scheduling.ListShifts)
    assign_shift = route("POST", "/api/admin/shifts", scheduling.AssignShift, status=201, at=SHIFT)
    shift = route("GET", SHIFT, scheduling.GetShift)
    change_shift = route("PATCH", SHIFT, scheduling.ChangeShift)
    swaps = route("GET", "/api/admin/shift-swaps", scheduling.ListSwaps)
    decide_swap = route("POST", f"{SHIFT}/approve-swap", scheduling.DecideSwap)
    tasks = route("GET", "/api/admin/tasks", scheduling.ListTasks)
    give_task = route("POST", "/api/admin/tasks", scheduling.GiveTask, status=201, at=TASK)
    task = route("GET", TASK, scheduling.GetTask, roles=ADMINS)
    change_task = route("PATCH", TASK, scheduling.ChangeTask)
    invoices_of_all = route("GET", "/api/admin/invoices", billing.ListInvoices)
    prices = route("GET", "/api/admin/prices", billing.ListPrices)
    set_price = route("POST", "/api/admin/prices", billing.SetPrice, status=201)
