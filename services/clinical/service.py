"""Everything that the clinical service does."""

from chassis.entrypoints import Service, hears, serves
from contracts import auth, clinical, scheduling
from services.clinical import care, patients, prescriptions


class ClinicalService(Service):
    """What was found and done: who treats whom, and prescriptions."""

    name = "clinical"

    prescribe = serves(clinical.Prescribe, prescriptions.prescribe)
    list_my_prescriptions = serves(clinical.ListMyPrescriptions, prescriptions.own)
    list_prescriptions_of_patient = serves(clinical.ListPrescriptionsOfPatient, prescriptions.of_patient)

    on_user_registered = hears(auth.UserRegistered, patients.remember)
    on_appointment_booked = hears(scheduling.AppointmentBooked, care.agreed)
    on_visit_started = hears(scheduling.VisitStarted, care.met)
