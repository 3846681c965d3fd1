"""Routes of doctors, and the directory of doctors."""

from contracts.clinical.allergies import AddAllergy, AmendAllergy, EnterAllergyInError, GetAllergy, ListAllergies
from contracts.clinical.break_glass import BreakGlass
from contracts.clinical.care import DOCTOR
from contracts.clinical.charts import GetChart, ListMyPatients
from contracts.clinical.conditions import (
    AddCondition,
    AmendCondition,
    EnterConditionInError,
    GetCondition,
    ListConditions,
    ResolveCondition,
)
from contracts.clinical.critical_alerts import AcknowledgeLabResult, ListMyCriticalAlerts
from contracts.clinical.critical_limits import EndCriticalLimit, ListCriticalLimits, SetCriticalLimit
from contracts.clinical.history import GetHistoryOfPatient
from contracts.clinical.labs.commands import CancelLabOrder, OrderLabTests
from contracts.clinical.labs.queries import GetLabOrder, ListLabOrdersOfPatient
from contracts.clinical.observations import EndObservations
from contracts.clinical.oxygen_targets import GetOxygenTarget, SetOxygenTarget
from contracts.clinical.prescriptions import (
    CheckMedication,
    Discontinue,
    ListPrescriptionsOfPatient,
    Prescribe,
    Renew,
    Revise,
)
from contracts.clinical.records import AddRecord, AmendRecord, EnterRecordInError, GetRecord, ListRecords
from contracts.clinical.refills import DecideRefill, ListRefillRequests
from contracts.clinical.vitals import ListVitals
from contracts.scheduling.appointments.commands import (
    AcceptAppointment,
    BookAppointment,
    RejectAppointment,
    RescheduleAppointment,
)
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.queries import ListDoctorAppointments
from contracts.scheduling.appointments.visits import CompleteVisit, MarkNoShow, StartVisit
from contracts.scheduling.availability import (
    EndTimeOff,
    GetDoctor,
    GetSchedule,
    ListDoctors,
    ListSlots,
    ListTimeOff,
    SetSchedule,
    TakeTimeOff,
)
from gateway.route import route

VISIT = "/api/doctors/appointments/{appointment_id}"
CHART = "/api/doctors/patients/{patient_id}"
RECORD = f"{CHART}/records/{{record_id}}"
ALLERGY = f"{CHART}/allergies/{{allergy_id}}"
CONDITION = f"{CHART}/conditions/{{condition_id}}"
LAB_ORDER = "/api/doctors/lab-orders/{order_id}"
CRITICAL_LIMITS = "/api/doctors/patients/{patient_id}/critical-limits"
PRESCRIPTION = "/api/doctors/prescriptions/{prescription_id}"


class DoctorRoutes:
    """The directory, and a doctor's hours, time off, appointments and prescriptions; the charts of patients."""

    directory = route("GET", "/api/doctors", ListDoctors)
    doctor = route("GET", "/api/doctors/{doctor_id}", GetDoctor)
    slots = route("GET", "/api/doctors/{doctor_id}/slots", ListSlots)
    schedule = route("GET", "/api/doctors/schedule", GetSchedule, me="doctor_id", roles=DOCTOR)
    set_schedule = route("PUT", "/api/doctors/schedule", SetSchedule, me="doctor_id", roles=DOCTOR)
    times_off = route("GET", "/api/doctors/time-off", ListTimeOff, me="doctor_id", roles=DOCTOR)
    take_time_off = route("POST", "/api/doctors/time-off", TakeTimeOff, me="doctor_id", status=201, roles=DOCTOR)
    end_time_off = route("DELETE", "/api/doctors/time-off/{time_off_id}", EndTimeOff, me="doctor_id", roles=DOCTOR)
    visits = route("GET", "/api/doctors/appointments", ListDoctorAppointments, me="doctor_id")
    book_own = route(
        "POST",
        "/api/doctors/appointments",
        BookAppointment,
        me="doctor_id",
        status=201,
        roles=DOCTOR,
        at=VISIT,
    )
    visit = route("GET", VISIT, GetAppointment, roles=DOCTOR)
    accept = route("POST", f"{VISIT}/accept", AcceptAppointment)
    reject = route("POST", f"{VISIT}/reject", RejectAppointment)
    start = route("POST", f"{VISIT}/start", StartVisit)
    complete = route("POST", f"{VISIT}/complete", CompleteVisit)
    mark_no_show = route("POST", f"{VISIT}/no-show", MarkNoShow, roles=DOCTOR)
    reschedule = route("POST", f"{VISIT}/reschedule", RescheduleAppointment, roles=DOCTOR)
    my_patients = route("GET", "/api/doctors/patients", ListMyPatients, me="doctor_id")
    chart_of_patient = route("GET", CHART, GetChart, roles=DOCTOR)
    history_of_patient = route("GET", f"{CHART}/history", GetHistoryOfPatient)
    break_glass = route("POST", f"{CHART}/break-glass", BreakGlass, status=201)
    prescribe = route("POST", "/api/doctors/prescribe", Prescribe, status=201)
    add_record = route("POST", f"{CHART}/records", AddRecord, status=201, at=RECORD)
    records = route("GET", f"{CHART}/records", ListRecords)
    record = route("GET", RECORD, GetRecord)
    amend_record = route("POST", f"{RECORD}/amend", AmendRecord, status=201, at=RECORD)
    enter_record_in_error = route("POST", f"{RECORD}/enter-in-error", EnterRecordInError, status=201, at=RECORD)
    add_allergy = route("POST", f"{CHART}/allergies", AddAllergy, status=201, at=ALLERGY)
    allergies = route("GET", f"{CHART}/allergies", ListAllergies)
    allergy = route("GET", ALLERGY, GetAllergy)
    amend_allergy = route("POST", f"{ALLERGY}/amend", AmendAllergy, status=201, at=ALLERGY)
    enter_allergy_in_error = route("POST", f"{ALLERGY}/enter-in-error", EnterAllergyInError, status=201, at=ALLERGY)
    add_condition = route("POST", f"{CHART}/conditions", AddCondition, status=201, at=CONDITION)
    conditions = route("GET", f"{CHART}/conditions", ListConditions)
    condition = route("GET", CONDITION, GetCondition)
    resolve_condition = route("POST", f"{CONDITION}/resolve", ResolveCondition, status=201, at=CONDITION)
    amend_condition = route("POST", f"{CONDITION}/amend", AmendCondition, status=201, at=CONDITION)
    enter_condition_in_error = route(
        "POST", f"{CONDITION}/enter-in-error", EnterConditionInError, status=201, at=CONDITION
    )

    vitals = route("GET", f"{CHART}/vitals", ListVitals)
    set_oxygen_target = route("POST", f"{CHART}/oxygen-target", SetOxygenTarget, status=201)
    oxygen_target = route("GET", f"{CHART}/oxygen-target", GetOxygenTarget)
    end_observations_of = route("POST", f"{CHART}/end-observations", EndObservations, status=201, roles=DOCTOR)
    check_medication = route("POST", "/api/doctors/medication-check", CheckMedication)
    prescriptions = route("GET", "/api/doctors/prescriptions/{patient_id}", ListPrescriptionsOfPatient, roles=DOCTOR)
    order_lab = route("POST", "/api/doctors/lab-orders", OrderLabTests, status=201, at=LAB_ORDER)
    lab_order = route("GET", LAB_ORDER, GetLabOrder, roles=DOCTOR)
    cancel_lab_order = route("POST", f"{LAB_ORDER}/cancel", CancelLabOrder)
    lab_orders_of_patient = route(
        "GET", "/api/doctors/patients/{patient_id}/lab-orders", ListLabOrdersOfPatient, roles=DOCTOR
    )
    critical_limits = route("GET", CRITICAL_LIMITS, ListCriticalLimits)
    set_critical_limit = route("POST", CRITICAL_LIMITS, SetCriticalLimit, status=201)
    end_critical_limit = route("POST", f"{CRITICAL_LIMITS}/{{limit_id}}/end", EndCriticalLimit)
    acknowledge_lab_result = route("POST", "/api/doctors/lab-results/{result_id}/acknowledge", AcknowledgeLabResult)
    my_critical_alerts = route("GET", "/api/doctors/critical-alerts", ListMyCriticalAlerts, me="doctor_id")
    revise = route("POST", f"{PRESCRIPTION}/revise", Revise, status=201)
    renew = route("POST", f"{PRESCRIPTION}/renew", Renew, status=201)
    discontinue = route("POST", f"{PRESCRIPTION}/discontinue", Discontinue)
    refill_requests = route("GET", "/api/doctors/refill-requests", ListRefillRequests, me="doctor_id")
    decide_refill = route("POST", "/api/doctors/refill-requests/{request_id}/decide", DecideRefill)
