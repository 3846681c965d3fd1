"""Everything that the clinical service does."""

from chassis import auditing
from chassis.entrypoints import Service, hears, serves
from contracts import auth, clinical, scheduling
from services.clinical import accounts, care, patients, prescriptions


class ClinicalService(Service):
    """What was found and done: patients, who treats whom, and prescriptions."""

    name = "clinical"

    register_patient_at_desk = serves(clinical.RegisterPatientAtDesk, patients.register)
    search_patients = serves(clinical.SearchPatients, patients.search)
    get_patient = serves(clinical.GetPatient, patients.get)
    correct_patient = serves(clinical.CorrectPatient, patients.correct)
    get_my_profile = serves(clinical.GetMyProfile, patients.own)
    update_my_profile = serves(clinical.UpdateMyProfile, patients.update_own)

    prescribe = serves(clinical.Prescribe, prescriptions.prescribe)
    list_my_prescriptions = serves(clinical.ListMyPrescriptions, prescriptions.own)
    list_prescriptions_of_patient = serves(clinical.ListPrescriptionsOfPatient, prescriptions.of_patient)
    list_audit = serves(clinical.ListAudit, auditing.listing)

    on_user_registered = hears(auth.UserRegistered, accounts.remember)
    on_user_updated = hears(auth.UserUpdated, accounts.remember)
    on_user_erased = hears(auth.UserErased, patients.forget)
    on_appointment_booked = hears(scheduling.AppointmentBooked, care.agreed)
    on_appointment_rescheduled = hears(scheduling.AppointmentRescheduled, care.moved)
    on_appointment_cancelled = hears(scheduling.AppointmentCancelled, care.called_off)
    on_appointment_displaced = hears(scheduling.AppointmentDisplaced, care.called_off)
    on_appointment_missed = hears(scheduling.AppointmentMissed, care.called_off)
    on_patient_arrived = hears(scheduling.PatientArrived, care.agreed)
    on_visit_completion_undone = hears(scheduling.VisitCompletionUndone, care.moved)
    on_visit_started = hears(scheduling.VisitStarted, care.met)
