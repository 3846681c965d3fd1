"""The table of everything that the clinical service does."""

from typing import ClassVar

from chassis.execution import audit
from chassis.execution.entrypoints import Service, every, hears, serves
from contracts.auth.events import (
    DoctorApproved,
    RoleRevoked,
    StaffApproved,
    UserDeactivated,
    UserErased,
    UserRegistered,
    UserUpdated,
)
from contracts.clinical.allergies import AddAllergy, AmendAllergy, EnterAllergyInError, GetAllergy, ListAllergies
from contracts.clinical.assignments import AssignDoctor, EndAssignment, ListAssignments
from contracts.clinical.attachments import (
    AddAttachment,
    ArchiveAttachment,
    ListAttachments,
    ListMyAttachments,
    OpenAttachment,
)
from contracts.clinical.audit import ListAudit
from contracts.clinical.break_glass import BreakGlass, ListBreakGlass, ReviewBreakGlass
from contracts.clinical.charts import GetChart, ListMyChartAccess, ListMyPatients
from contracts.clinical.conditions import (
    AddCondition,
    AmendCondition,
    EnterConditionInError,
    GetCondition,
    ListConditions,
    ResolveCondition,
)
from contracts.clinical.critical_alerts import AcknowledgeLabResult, ListCriticalAlerts, ListMyCriticalAlerts
from contracts.clinical.critical_limits import EndCriticalLimit, ListCriticalLimits, SetCriticalLimit
from contracts.clinical.dispenses import DeclineDispense, Dispense, ListDispenseQueue
from contracts.clinical.history import GetHistoryOfPatient, GetMyHistory
from contracts.clinical.inventory.commands import AddItem, ChangeItem, MoveStock
from contracts.clinical.inventory.queries import GetItem, ListItems, ListMovements, ListRecipients, ListStockAlerts
from contracts.clinical.lab_catalogue import ListLabTests
from contracts.clinical.labs.commands import (
    CancelLabOrder,
    CollectSpecimen,
    CorrectLabResult,
    OrderLabTests,
    ReceiveSpecimen,
    RejectSpecimen,
    UploadLabTest,
    VerifyLabOrder,
)
from contracts.clinical.labs.queries import GetLabOrder, ListLabOrders, ListLabOrdersOfPatient, ListMyLabTests
from contracts.clinical.medicines import ListMedicationOverrides
from contracts.clinical.observations import EndObservations, ListObservationsDue
from contracts.clinical.oxygen_targets import GetOxygenTarget, SetOxygenTarget
from contracts.clinical.patients import (
    CorrectPatient,
    GetMyProfile,
    GetPatient,
    RegisterPatientAtDesk,
    SearchPatients,
    UpdateMyProfile,
)
from contracts.clinical.prescriptions import (
    CheckMedication,
    Discontinue,
    ListMyPrescriptions,
    ListPrescriptionsOfPatient,
    Prescribe,
    Renew,
    Revise,
)
from contracts.clinical.records import AddRecord, AmendRecord, EnterRecordInError, GetRecord, ListRecords
from contracts.clinical.refills import DecideRefill, ListMyRefillRequests, ListRefillRequests, RequestRefill
from contracts.clinical.vitals import EnterVitalsInError, ListVitals, RecordVitals
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentMissed,
    AppointmentRescheduled,
    PatientArrived,
    VisitCompletionUndone,
    VisitStarted,
)
from contracts.scheduling.shifts.events import ShiftAssigned, ShiftChanged
from services.clinical import assignments, oxygen_targets
from services.clinical import break_glass as emergencies
from services.clinical.allergies import commands as allergy_commands
from services.clinical.allergies import queries as allergies
from services.clinical.attachments import commands as attachment_commands
from services.clinical.attachments import queries as attachments
from services.clinical.attachments import sweeps
from services.clinical.care import handlers as care
from services.clinical.charts import queries as charts
from services.clinical.charts import summary
from services.clinical.conditions import commands as condition_commands
from services.clinical.conditions import queries as conditions
from services.clinical.critical_alerts import commands as critical_alert_commands
from services.clinical.critical_alerts import ladder
from services.clinical.critical_alerts import queries as critical_alerts
from services.clinical.critical_limits import commands as critical_limit_commands
from services.clinical.critical_limits import queries as critical_limits
from services.clinical.directory import shifts, staff
from services.clinical.dispenses import commands as dispense_commands
from services.clinical.dispenses import queries as dispenses
from services.clinical.history import queries as history
from services.clinical.inventory import alerts as stock_alerts
from services.clinical.inventory import commands as inventory_commands
from services.clinical.inventory import queries as inventory
from services.clinical.inventory import timers as inventory_timers
from services.clinical.lab_catalogue import catalogue
from services.clinical.lab_catalogue import queries as lab_catalogue
from services.clinical.labs import commands as lab_orders
from services.clinical.labs import queries as labs
from services.clinical.labs import results as lab_results
from services.clinical.labs import verification as lab_verification
from services.clinical.medicines import dataset
from services.clinical.medicines import queries as medicines
from services.clinical.observations import commands as observation_commands
from services.clinical.observations import queries as observations
from services.clinical.observations import timers as observation_timers
from services.clinical.patients import commands as patient_commands
from services.clinical.patients import handlers as accounts
from services.clinical.patients import queries as patients
from services.clinical.prescriptions import commands as prescription_commands
from services.clinical.prescriptions import queries as prescriptions
from services.clinical.prescriptions import timers as prescription_timers
from services.clinical.records import commands as record_commands
from services.clinical.records import queries as records
from services.clinical.refills import commands as refill_commands
from services.clinical.refills import queries as refills
from services.clinical.refills import timers as refill_timers
from services.clinical.vitals import commands as vitals_commands
from services.clinical.vitals import queries as vitals


class ClinicalService(Service):
    """Patients, care relations, charts, vital signs, prescriptions, the laboratory and the inventory."""

    name = "clinical"
    notes: ClassVar = {"medicines": dataset.notice, "laboratory": catalogue.notice}

    register_patient_at_desk = serves(RegisterPatientAtDesk, patient_commands.register)
    search_patients = serves(SearchPatients, patients.search)
    get_patient = serves(GetPatient, patients.get)
    correct_patient = serves(CorrectPatient, patient_commands.correct)
    get_my_profile = serves(GetMyProfile, patients.get_own)
    update_my_profile = serves(UpdateMyProfile, patient_commands.update_own)

    list_my_patients = serves(ListMyPatients, charts.my_patients)
    get_chart = serves(GetChart, summary.get)
    list_my_chart_access = serves(ListMyChartAccess, charts.access_log)
    get_my_history = serves(GetMyHistory, history.of_own)
    get_history_of_patient = serves(GetHistoryOfPatient, history.of_patient)
    assign_doctor = serves(AssignDoctor, assignments.assign)
    end_assignment = serves(EndAssignment, assignments.end)
    list_assignments = serves(ListAssignments, assignments.listing)
    break_glass = serves(BreakGlass, emergencies.open_)
    review_break_glass = serves(ReviewBreakGlass, emergencies.review)
    list_break_glass = serves(ListBreakGlass, emergencies.listing)

    prescribe = serves(Prescribe, prescription_commands.prescribe)
    revise = serves(Revise, prescription_commands.revise)
    renew = serves(Renew, prescription_commands.renew)
    discontinue = serves(Discontinue, prescription_commands.discontinue)
    complete_prescriptions = every(prescription_timers.PACE, prescription_timers.complete)
    check_medication = serves(CheckMedication, prescription_commands.check)
    list_my_prescriptions = serves(ListMyPrescriptions, prescriptions.list_own)
    list_prescriptions_of_patient = serves(ListPrescriptionsOfPatient, prescriptions.list_of_patient)

    add_record = serves(AddRecord, record_commands.add)
    amend_record = serves(AmendRecord, record_commands.amend)
    enter_record_in_error = serves(EnterRecordInError, record_commands.enter_in_error)
    list_records = serves(ListRecords, records.list_of_patient)
    get_record = serves(GetRecord, records.get)

    add_allergy = serves(AddAllergy, allergy_commands.add)
    amend_allergy = serves(AmendAllergy, allergy_commands.amend)
    enter_allergy_in_error = serves(EnterAllergyInError, allergy_commands.enter_in_error)
    list_allergies = serves(ListAllergies, allergies.list_of_patient)
    get_allergy = serves(GetAllergy, allergies.get)

    add_condition = serves(AddCondition, condition_commands.add)
    resolve_condition = serves(ResolveCondition, condition_commands.resolve)
    amend_condition = serves(AmendCondition, condition_commands.amend)
    enter_condition_in_error = serves(EnterConditionInError, condition_commands.enter_in_error)
    list_conditions = serves(ListConditions, conditions.list_of_patient)
    get_condition = serves(GetCondition, conditions.get)
    list_medication_overrides = serves(ListMedicationOverrides, medicines.list_overrides)

    record_vitals = serves(RecordVitals, vitals_commands.record)
    enter_vitals_in_error = serves(EnterVitalsInError, vitals_commands.enter_in_error)
    list_vitals = serves(ListVitals, vitals.listing)
    set_oxygen_target = serves(SetOxygenTarget, oxygen_targets.set_target)
    get_oxygen_target = serves(GetOxygenTarget, oxygen_targets.get)
    list_observations_due = serves(ListObservationsDue, observations.listing)
    end_observations = serves(EndObservations, observation_commands.end)
    announce_overdue = every(observation_timers.PACE, observation_timers.announce_overdue)

    request_refill = serves(RequestRefill, refill_commands.ask)
    list_my_refill_requests = serves(ListMyRefillRequests, refills.list_own)
    list_refill_requests = serves(ListRefillRequests, refills.list_to_decide)
    decide_refill = serves(DecideRefill, refill_commands.decide)
    expire_refill_requests = every(refill_timers.PACE, refill_timers.expire)

    list_dispense_queue = serves(ListDispenseQueue, dispenses.list_queue)
    dispense = serves(Dispense, dispense_commands.dispense)
    decline_dispense = serves(DeclineDispense, dispense_commands.decline)

    add_item = serves(AddItem, inventory_commands.add)
    change_item = serves(ChangeItem, inventory_commands.change)
    move_stock = serves(MoveStock, inventory_commands.move)
    list_items = serves(ListItems, inventory.listing)
    get_item = serves(GetItem, inventory.get)
    list_movements = serves(ListMovements, inventory.list_movements)
    list_recipients = serves(ListRecipients, inventory.list_recipients)
    list_stock_alerts = serves(ListStockAlerts, stock_alerts.listing)
    announce_expiry = every(inventory_timers.PACE, inventory_timers.announce_expiry)

    list_lab_tests = serves(ListLabTests, lab_catalogue.list_tests)

    order_lab_tests = serves(OrderLabTests, lab_orders.order)
    cancel_lab_order = serves(CancelLabOrder, lab_orders.cancel)
    collect_specimen = serves(CollectSpecimen, lab_orders.collect)
    receive_specimen = serves(ReceiveSpecimen, lab_orders.receive)
    reject_specimen = serves(RejectSpecimen, lab_orders.reject)
    upload_lab_test = serves(UploadLabTest, lab_results.upload)
    verify_lab_order = serves(VerifyLabOrder, lab_verification.verify)
    correct_lab_result = serves(CorrectLabResult, lab_results.correct)
    list_lab_orders = serves(ListLabOrders, labs.list_all)
    get_lab_order = serves(GetLabOrder, labs.get)
    list_lab_orders_of_patient = serves(ListLabOrdersOfPatient, labs.list_of_patient)
    list_my_lab_tests = serves(ListMyLabTests, labs.list_own)

    set_critical_limit = serves(SetCriticalLimit, critical_limit_commands.put)
    end_critical_limit = serves(EndCriticalLimit, critical_limit_commands.end)
    list_critical_limits = serves(ListCriticalLimits, critical_limits.list_of_patient)
    acknowledge_lab_result = serves(AcknowledgeLabResult, critical_alert_commands.acknowledge)
    list_my_critical_alerts = serves(ListMyCriticalAlerts, critical_alerts.list_own)
    list_critical_alerts = serves(ListCriticalAlerts, critical_alerts.list_all)
    escalate_critical_alerts = every(ladder.PACE, ladder.escalate)

    add_attachment = serves(AddAttachment, attachment_commands.add)
    archive_attachment = serves(ArchiveAttachment, attachment_commands.archive)
    list_attachments = serves(ListAttachments, attachments.list_of_patient)
    list_my_attachments = serves(ListMyAttachments, attachments.list_own)
    open_attachment = serves(OpenAttachment, attachments.open_one)
    sweep_attachments = every(sweeps.PACE, sweeps.plan, outside=sweeps.sweep, then=sweeps.finish)

    list_audit = serves(ListAudit, audit.listing)

    on_user_registered = hears(UserRegistered, accounts.on_user_registered)
    on_user_updated = hears(UserUpdated, accounts.on_user_updated)
    on_user_erased = hears(UserErased, accounts.on_user_erased)
    on_appointment_booked = hears(AppointmentBooked, care.on_appointment_booked)
    on_appointment_rescheduled = hears(AppointmentRescheduled, care.on_appointment_rescheduled)
    on_appointment_cancelled = hears(AppointmentCancelled, care.on_appointment_cancelled)
    on_appointment_displaced = hears(AppointmentDisplaced, care.on_appointment_displaced)
    on_appointment_missed = hears(AppointmentMissed, care.on_appointment_missed)
    on_patient_arrived = hears(PatientArrived, care.on_patient_arrived)
    on_visit_completion_undone = hears(VisitCompletionUndone, care.on_visit_completion_undone)
    on_visit_started = hears(VisitStarted, care.on_visit_started)
    on_doctor_approved = hears(DoctorApproved, staff.on_doctor_approved)
    on_staff_approved = hears(StaffApproved, staff.on_staff_approved)
    on_role_revoked = hears(RoleRevoked, staff.on_role_revoked)
    on_user_deactivated = hears(UserDeactivated, staff.on_user_deactivated)
    on_shift_assigned = hears(ShiftAssigned, shifts.on_shift_assigned)
    on_shift_changed = hears(ShiftChanged, shifts.on_shift_changed)
