"""The table of everything that the clinical service does."""

from chassis.execution import audit
from chassis.execution.entrypoints import Service, hears, serves
from contracts.auth.events import UserErased, UserRegistered, UserUpdated
from contracts.clinical.audit import ListAudit
from contracts.clinical.patients import (
    CorrectPatient,
    GetMyProfile,
    GetPatient,
    RegisterPatientAtDesk,
    SearchPatients,
    UpdateMyProfile,
)
from contracts.clinical.prescriptions import ListMyPrescriptions, ListPrescriptionsOfPatient, Prescribe
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
from services.clinical.care import handlers as care
from services.clinical.patients import commands as patient_commands
from services.clinical.patients import handlers as accounts
from services.clinical.patients import queries as patients
from services.clinical.prescriptions import commands as prescription_commands
from services.clinical.prescriptions import queries as prescriptions


class ClinicalService(Service):
    """Patients, care relations and prescriptions."""

    name = "clinical"

    register_patient_at_desk = serves(RegisterPatientAtDesk, patient_commands.register)
    search_patients = serves(SearchPatients, patients.search)
    get_patient = serves(GetPatient, patients.get)
    correct_patient = serves(CorrectPatient, patient_commands.correct)
    get_my_profile = serves(GetMyProfile, patients.get_own)
    update_my_profile = serves(UpdateMyProfile, patient_commands.update_own)

    prescribe = serves(Prescribe, prescription_commands.prescribe)
    list_my_prescriptions = serves(ListMyPrescriptions, prescriptions.list_own)
    list_prescriptions_of_patient = serves(ListPrescriptionsOfPatient, prescriptions.list_of_patient)
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
