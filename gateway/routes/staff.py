"""Routes of the desk and the staff."""

from contracts.auth.accounts.administration import InvitePatient
from contracts.clinical.care import LAB_TECHNICIAN, NURSE
from contracts.clinical.charts import GetChart
from contracts.clinical.dispenses import DeclineDispense, Dispense, ListDispenseQueue
from contracts.clinical.lab_catalogue import ListLabTests
from contracts.clinical.labs.commands import (
    CollectSpecimen,
    CorrectLabResult,
    ReceiveSpecimen,
    RejectSpecimen,
    UploadLabTest,
    VerifyLabOrder,
)
from contracts.clinical.labs.queries import GetLabOrder, ListLabOrders, ListLabOrdersOfPatient
from contracts.clinical.observations import EndObservations, ListObservationsDue
from contracts.clinical.patients import CorrectPatient, GetPatient, RegisterPatientAtDesk, SearchPatients
from contracts.clinical.prescriptions import ListPrescriptionsOfPatient
from contracts.clinical.vitals import EnterVitalsInError, RecordVitals
from contracts.roles import DESK, STAFF, Role
from contracts.scheduling.appointments.commands import BookAppointment, CancelAppointment, RescheduleAppointment
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.queries import ListAppointments
from contracts.scheduling.appointments.visits import MarkArrived, MarkNoShow
from contracts.scheduling.availability import GetSchedule, ListAbsences
from contracts.scheduling.shifts.queries import ListColleagues, ListColleagueShifts, ListMyShifts
from contracts.scheduling.shifts.swaps import AnswerSwap, AskForSwap, ListMySwaps
from contracts.scheduling.tasks import AcceptTask, CompleteTask, FailTask, GetTask, ListMyTasks, RejectTask, StartTask
from gateway.files.forms import Form
from gateway.files.routes import upload
from gateway.route import route

PATIENT = "/api/staff/patients/{patient_id}"
DOCTOR = "/api/staff/doctors/{doctor_id}"
VISIT = "/api/staff/appointments/{appointment_id}"
LAB_ORDER = "/api/staff/lab-orders/{order_id}"
PRESCRIPTION = "/api/staff/prescriptions/{prescription_id}"

TASK = "/api/staff/tasks/{task_id}"
NURSE_OR_PHARMACIST = frozenset({Role.NURSE, Role.PHARMACIST})

REPORTED = Form(file="report", field="report", data="data", takes_json=True)


class StaffRoutes:
    """Patients and appointments at the desk, and the caller's own shifts and tasks."""

    register_at_desk = route("POST", "/api/staff/register-patient", RegisterPatientAtDesk, status=201, at=PATIENT)
    find_patients = route("GET", "/api/staff/patients", SearchPatients)
    patient_facts = route("GET", PATIENT, GetPatient)
    chart_for_nurse = route("GET", f"{PATIENT}/chart", GetChart, roles=NURSE)
    correct_patient = route("PATCH", PATIENT, CorrectPatient)
    prescriptions_at_ward = route(
        "GET", f"{PATIENT}/prescriptions", ListPrescriptionsOfPatient, roles=NURSE_OR_PHARMACIST
    )
    invite_patient = route("POST", f"{PATIENT}/invite", InvitePatient, status=202)
    lab_tests = route("GET", "/api/lab-tests", ListLabTests)
    hours_at_desk = route("GET", f"{DOCTOR}/schedule", GetSchedule, roles=DESK)
    absences = route("GET", f"{DOCTOR}/time-off", ListAbsences)
    desk_visits = route("GET", "/api/staff/appointments", ListAppointments)
    book_at_desk = route("POST", "/api/staff/appointments", BookAppointment, status=201, roles=DESK, at=VISIT)
    desk_visit = route("GET", VISIT, GetAppointment, roles=DESK)
    mark_arrived = route("POST", f"{VISIT}/arrive", MarkArrived)
    cancel_at_desk = route("POST", f"{VISIT}/cancel", CancelAppointment, roles=DESK)
    reschedule_at_desk = route("POST", f"{VISIT}/reschedule", RescheduleAppointment, roles=DESK)
    no_show_at_desk = route("POST", f"{VISIT}/no-show", MarkNoShow, roles=DESK)
    my_shifts = route("GET", "/api/staff/schedule", ListMyShifts, me="person_id")
    colleagues = route("GET", "/api/staff/colleagues", ListColleagues)
    shifts_of_colleague = route("GET", "/api/staff/colleagues/{colleague_id}/schedule", ListColleagueShifts)
    ask_for_swap = route("POST", "/api/staff/shifts/{shift_id}/swap", AskForSwap, status=201)
    my_swaps = route("GET", "/api/staff/shift-swaps", ListMySwaps)
    answer_swap = route("POST", "/api/staff/shift-swaps/{swap_id}/answer", AnswerSwap)
    my_tasks = route("GET", "/api/staff/tasks", ListMyTasks, me="owner_id")
    my_task = route("GET", TASK, GetTask, roles=STAFF)
    accept_task = route("POST", f"{TASK}/accept", AcceptTask)
    start_task = route("POST", f"{TASK}/start", StartTask)
    complete_task = route("POST", f"{TASK}/complete", CompleteTask)
    fail_task = route("POST", f"{TASK}/fail", FailTask)
    reject_task = route("POST", f"{TASK}/reject", RejectTask)

    record_vitals = route("POST", "/api/staff/update-vitals/{patient_id}", RecordVitals, status=201)
    enter_vitals_in_error = route(
        "POST", "/api/staff/vitals/{vitals_id}/enter-in-error", EnterVitalsInError, status=201
    )
    observations_due = route("GET", "/api/staff/observations-due", ListObservationsDue)
    end_observations = route("POST", f"{PATIENT}/end-observations", EndObservations, status=201, roles={Role.NURSE})
    lab_orders = route("GET", "/api/staff/lab-orders", ListLabOrders)
    order_in_laboratory = route("GET", LAB_ORDER, GetLabOrder, roles=LAB_TECHNICIAN)
    lab_orders_for_nurse = route("GET", f"{PATIENT}/lab-orders", ListLabOrdersOfPatient, roles=NURSE)
    collect_specimen = route("POST", f"{LAB_ORDER}/collect", CollectSpecimen)
    receive_specimen = route("POST", f"{LAB_ORDER}/receive", ReceiveSpecimen)
    reject_specimen = route("POST", f"{LAB_ORDER}/reject", RejectSpecimen)
    upload_lab_test = upload("/api/staff/upload-lab-test", UploadLabTest, REPORTED)
    verify_lab_order = route("POST", f"{LAB_ORDER}/verify", VerifyLabOrder)
    correct_lab_result = route("POST", "/api/staff/lab-results/{result_id}/correct", CorrectLabResult)

    dispense_queue = route("GET", "/api/staff/prescriptions", ListDispenseQueue)
    dispense = route("POST", f"{PRESCRIPTION}/dispense", Dispense, status=201)
    decline_dispense = route("POST", f"{PRESCRIPTION}/decline", DeclineDispense, status=201)
