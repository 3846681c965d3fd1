"""Everything that the clinical service does."""

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
from services.clinical import care, patients, prescriptions
from services.clinical import handlers as accounts


class ClinicalService(Service):
    """What was found and done: patients, who treats whom, and prescriptions."""

    name = "clinical"

    register_patient_at_desk = serves(RegisterPatientAtDesk, patients.register)
    search_patients = serves(SearchPatients, patients.search)
    get_patient = serves(GetPatient, patients.get)
    correct_patient = serves(CorrectPatient, patients.correct)
    get_my_profile = serves(GetMyProfile, patients.own)
    update_my_profile = serves(UpdateMyProfile, patients.update_own)

    prescribe = serves(Prescribe, prescriptions.prescribe)
    list_my_prescriptions = serves(ListMyPrescriptions, prescriptions.own)
    list_prescriptions_of_patient = serves(ListPrescriptionsOfPatient, prescriptions.of_patient)
    list_audit = serves(ListAudit, audit.listing)

    on_user_registered = hears(UserRegistered, accounts.remember)
    on_user_updated = hears(UserUpdated, accounts.remember)
    on_user_erased = hears(UserErased, patients.forget)
    on_appointment_booked = hears(AppointmentBooked, care.agreed)
    on_appointment_rescheduled = hears(AppointmentRescheduled, care.moved)
    on_appointment_cancelled = hears(AppointmentCancelled, care.called_off)
    on_appointment_displaced = hears(AppointmentDisplaced, care.called_off)
    on_appointment_missed = hears(AppointmentMissed, care.called_off)
    on_patient_arrived = hears(PatientArrived, care.agreed)
    on_visit_completion_undone = hears(VisitCompletionUndone, care.moved)
    on_visit_started = hears(VisitStarted, care.met)
