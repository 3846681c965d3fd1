"""Routes of staff."""

from contracts import auth, clinical
from gateway.route import route


class StaffRoutes:
    """Patients, as the desk registers, finds and corrects them."""

    register_at_desk = route("POST", "/api/staff/register-patient", clinical.RegisterPatientAtDesk, status=201)
    find_patients = route("GET", "/api/staff/patients", clinical.SearchPatients)
    patient_facts = route("GET", "/api/staff/patients/{patient_id}", clinical.GetPatient)
    correct_patient = route("PATCH", "/api/staff/patients/{patient_id}", clinical.CorrectPatient)
    invite_patient = route("POST", "/api/staff/patients/{patient_id}/invite", auth.InvitePatient, status=202)
