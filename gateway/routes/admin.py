"""Routes of admins."""

from contracts.audit import ADMINS, ListAuditTrail
from contracts.auth.accounts.administration import (
    AssignRoles,
    EraseUser,
    GetUser,
    ListDoctorAccounts,
    ListStaff,
    ListUsers,
    ResetMfa,
    UpdateUser,
)
from contracts.auth.upgrades import DecideUpgrade, ListUpgradeRequests
from contracts.clinical.assignments import AssignDoctor, EndAssignment, ListAssignments
from contracts.clinical.break_glass import ListBreakGlass, ReviewBreakGlass
from contracts.clinical.critical_alerts import ListCriticalAlerts
from contracts.clinical.inventory.commands import AddItem, ChangeItem, MoveStock
from contracts.clinical.inventory.queries import GetItem, ListItems, ListMovements, ListRecipients, ListStockAlerts
from contracts.clinical.medicines import ListMedicationOverrides
from contracts.clinical.patients import SearchPatients
from contracts.scheduling.appointments.commands import CancelAppointment, ChangeAppointment
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.queries import ListAppointments
from contracts.scheduling.appointments.visits import UndoCompletion
from contracts.scheduling.availability import EndTimeOff, GetSchedule, ListTimeOff, SetSchedule, TakeTimeOff
from contracts.scheduling.shifts.commands import AssignShift, ChangeShift
from contracts.scheduling.shifts.queries import GetShift, ListShifts
from contracts.scheduling.shifts.swaps import DecideSwap, ListSwaps
from contracts.scheduling.tasks import ChangeTask, GetTask, GiveTask, ListTasks
from gateway.audit import trail
from gateway.route import composed, route

VISIT = "/api/admin/appointments/{appointment_id}"
DOCTOR = "/api/admin/doctors/{doctor_id}"
SHIFT = "/api/admin/shifts/{shift_id}"
ITEM = "/api/admin/inventory/{item_id}"
TASK = "/api/admin/tasks/{task_id}"
ASSIGNMENTS = "/api/admin/patients/{patient_id}/assignments"


class AdminRoutes:
    """Accounts, roles, appointments, doctors' hours, shifts, tasks, prices, the inventory and the audit trail."""

    users = route("GET", "/api/admin/users", ListUsers)
    user = route("GET", "/api/admin/users/{user_id}", GetUser)
    update_user = route("PATCH", "/api/admin/users/{user_id}", UpdateUser)
    assign_roles = route("PUT", "/api/admin/users/{user_id}/roles", AssignRoles)
    reset_mfa = route("DELETE", "/api/admin/users/{user_id}/mfa", ResetMfa)
    erase_user = route("DELETE", "/api/admin/delete-user/{user_id}", EraseUser)
    audit = composed("GET", "/api/admin/audit", ListAuditTrail, trail)
    upgrade_requests = route("GET", "/api/admin/upgrade-requests", ListUpgradeRequests)
    approve_upgrade = route("POST", "/api/admin/approve-upgrade", DecideUpgrade)
    patients = route("GET", "/api/admin/patients", SearchPatients, roles=ADMINS)
    medication_overrides = route("GET", "/api/admin/medication-overrides", ListMedicationOverrides)
    assign_doctor = route("POST", ASSIGNMENTS, AssignDoctor, status=201)
    assignments = route("GET", ASSIGNMENTS, ListAssignments)
    end_assignment = route("DELETE", f"{ASSIGNMENTS}/{{assignment_id}}", EndAssignment)
    break_glass_accesses = route("GET", "/api/admin/break-glass", ListBreakGlass)
    review_break_glass = route("POST", "/api/admin/break-glass/{break_glass_id}/review", ReviewBreakGlass)
    doctors = route("GET", "/api/admin/doctors", ListDoctorAccounts)
    staff = route("GET", "/api/admin/staff", ListStaff)
    appointments_of_all = route("GET", "/api/admin/appointments", ListAppointments, roles=ADMINS)
    any_appointment = route("GET", VISIT, GetAppointment, roles=ADMINS)
    change_appointment = route("PATCH", VISIT, ChangeAppointment)
    cancel_any_appointment = route("POST", f"{VISIT}/cancel", CancelAppointment, roles=ADMINS)
    undo_completion = route("POST", f"{VISIT}/undo-completion", UndoCompletion)
    hours_of_doctor = route("GET", f"{DOCTOR}/schedule", GetSchedule, roles=ADMINS)
    set_hours_of_doctor = route("PUT", f"{DOCTOR}/schedule", SetSchedule, roles=ADMINS)
    times_off_of_doctor = route("GET", f"{DOCTOR}/time-off", ListTimeOff, roles=ADMINS)
    give_time_off = route("POST", f"{DOCTOR}/time-off", TakeTimeOff, status=201, roles=ADMINS)
    take_time_off_back = route("DELETE", f"{DOCTOR}/time-off/{{time_off_id}}", EndTimeOff, roles=ADMINS)
    shifts = route("GET", "/api/admin/shifts", ListShifts)
    assign_shift = route("POST", "/api/admin/shifts", AssignShift, status=201, at=SHIFT)
    shift = route("GET", SHIFT, GetShift)
    change_shift = route("PATCH", SHIFT, ChangeShift)
    swaps = route("GET", "/api/admin/shift-swaps", ListSwaps)
    decide_swap = route("POST", f"{SHIFT}/approve-swap", DecideSwap)
    tasks = route("GET", "/api/admin/tasks", ListTasks)
    give_task = route("POST", "/api/admin/tasks", GiveTask, status=201, at=TASK)
    task = route("GET", TASK, GetTask, roles=ADMINS)
    change_task = route("PATCH", TASK, ChangeTask)
    items = route("GET", "/api/admin/inventory", ListItems)
    add_item = route("POST", "/api/admin/inventory", AddItem, status=201, at=ITEM)
    item = route("GET", ITEM, GetItem)
    change_item = route("PATCH", ITEM, ChangeItem)
    movements = route("GET", f"{ITEM}/movements", ListMovements)
    move_stock = route("POST", f"{ITEM}/movements", MoveStock, status=201)
    recipients = route("GET", f"{ITEM}/batches/{{batch}}/recipients", ListRecipients)
    stock_alerts = route("GET", "/api/admin/stock-alerts", ListStockAlerts)
    critical_alerts = route("GET", "/api/admin/critical-alerts", ListCriticalAlerts)
