"""Death of a patient, over HTTP: the appointment is cancelled, and no other is booked."""

from datetime import UTC, datetime
from typing import Any

from tests.hospital import Hospital, eventually
from tests.people import Person, approved_doctor, approved_staff, first_slot, open_hours, verified_patient


def test_appointment_of_a_deceased_patient_is_cancelled(hospital: Hospital, admin: Person) -> None:
    doctor, receptionist = approved_doctor(hospital, admin), approved_staff(hospital, admin, "receptionist")
    open_hours(doctor)
    patient = verified_patient(hospital)
    slot = {"doctor_id": doctor.id, "starts_at": first_slot(patient, doctor.id)["starts_at"]}
    visit = patient.post("/api/patient/book-appointment", status=201, **slot)["id"]
    record = f"/api/staff/patients/{patient.id}"
    receptionist.ask("PATCH", record, deceased_at=datetime.now(UTC).isoformat())

    def seen() -> Any:
        return receptionist.get(f"/api/staff/appointments/{visit}")["status"]

    eventually(lambda: seen() == "cancelled")
    eventually(lambda: doctor.notifications("appointment_cancelled"))
    refused = receptionist.try_post("/api/staff/appointments", patient_id=patient.id, **slot)
    assert (refused.status_code, refused.json()["code"]) == (409, "patient_deceased")
    assert patient.try_post("/api/patient/book-appointment", **slot).json()["code"] == "patient_deceased"
    assert patient.notifications("appointment_cancelled") == []
    receptionist.ask("PATCH", record, deceased_at=None)
    eventually(lambda: patient.try_post("/api/patient/book-appointment", **slot).status_code == 201)
