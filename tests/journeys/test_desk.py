"""A day at the desk and on the ward: appointments, shifts, tasks and calendars."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import icalendar
import pytest

from tests.hospital import Hospital, eventually
from tests.journeys.factories import MEDICINE
from tests.people import Person, approved_doctor, approved_staff, first_slot, open_hours, verified_patient


@pytest.fixture(scope="module")
def doctor(hospital: Hospital, admin: Person) -> Person:
    """A doctor who works every day."""
    found = approved_doctor(hospital, admin, name="Dr Iris Holm")
    open_hours(found)
    return found


@pytest.fixture(scope="module")
def receptionist(hospital: Hospital, admin: Person) -> Person:
    """A receptionist."""
    return approved_staff(hospital, admin, "receptionist", name="Rita Reception")


@pytest.fixture(scope="module")
def nurse(hospital: Hospital, admin: Person) -> Person:
    """A nurse."""
    return approved_staff(hospital, admin, "nurse")


def calendar_of(person: Person) -> list[Any]:
    """The calendar at the person's link."""
    url = person.post("/api/users/me/calendar-link", status=201)["url"]
    reply = person.hospital.call("GET", "/api/users/me/" + url.rpartition("/")[2])
    assert reply.status_code == 200, reply.text
    return list(icalendar.Calendar.from_ical(reply.content).walk("VEVENT"))


def at_desk(receptionist: Person, doctor: Person, patient: Person) -> dict[str, Any]:
    """Book the doctor's first free slot at the desk."""
    slot = first_slot(patient, doctor.id)
    body = {"doctor_id": doctor.id, "patient_id": patient.id, "starts_at": slot["starts_at"]}
    visit: dict[str, Any] = receptionist.post("/api/staff/appointments", status=201, **body)
    return visit


def test_appointment_of_the_desk_is_in_the_lists_of_all_sides(
    hospital: Hospital, receptionist: Person, doctor: Person
) -> None:
    patient = verified_patient(hospital)
    visit = at_desk(receptionist, doctor, patient)
    day = visit["starts_at"][:10]
    assert visit["status"] == "booked"
    for person, path in ((patient, "patient"), (doctor, "doctors"), (receptionist, "staff")):
        listed = person.get(f"/api/{path}/appointments", **{"from": day, "to": day, "status": "booked"})["items"]
        assert visit["id"] in [one["id"] for one in listed], path
        assert person.get(f"/api/{path}/appointments/{visit['id']}")["history"][0]["status"] == "booked"
    assert patient.get("/api/patient/appointments", to="2026-01-01")["items"] == []


def test_patient_registered_at_the_desk_gets_an_appointment_at_once(receptionist: Person, doctor: Person) -> None:
    known = {"family_name": uuid4().hex, "birth_date": "1980-02-29", "sex": "female"}
    starts_at = first_slot(receptionist, doctor.id)["starts_at"]
    patient = receptionist.post("/api/staff/register-patient", status=201, **known)
    body = {"doctor_id": doctor.id, "patient_id": patient["id"], "starts_at": starts_at}
    visit = receptionist.post("/api/staff/appointments", status=201, **body)
    assert (visit["patient_id"], visit["status"]) == (patient["id"], "booked")


def test_patient_registered_at_the_desk_is_invited_at_once(hospital: Hospital, receptionist: Person) -> None:
    email, known = (
        f"{uuid4().hex}@desk.example",
        {"family_name": uuid4().hex, "birth_date": "1980-02-29", "sex": "male"},
    )
    patient = receptionist.post("/api/staff/register-patient", status=201, **known)
    invited = receptionist.post(f"/api/staff/patients/{patient['id']}/invite", email=email, status=202)
    assert invited == {"status": "invited"}
    eventually(lambda: hospital.mails_to(email))


def test_sign_out_everywhere_ends_the_calendar_link(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    url = person.post("/api/users/me/calendar-link", status=201)["url"]
    read = lambda: hospital.call("GET", "/api/users/me/" + url.rpartition("/")[2])  # noqa: E731
    assert read().status_code == 200
    person.post("/api/auth/logout", all=True)
    eventually(lambda: read().status_code == 404)


def test_desk_cannot_book_for_a_person_who_is_no_patient(receptionist: Person, doctor: Person) -> None:
    slot = first_slot(receptionist, doctor.id)
    body = {"doctor_id": doctor.id, "patient_id": str(uuid4()), "starts_at": slot["starts_at"]}
    reply = receptionist.try_post("/api/staff/appointments", **body)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_desk_is_told_the_conflict(hospital: Hospital, receptionist: Person, doctor: Person) -> None:
    visit, another = at_desk(receptionist, doctor, verified_patient(hospital)), verified_patient(hospital)
    body = {"doctor_id": doctor.id, "starts_at": visit["starts_at"]}
    notified = receptionist.try_post("/api/staff/appointments", **body, patient_id=another.id).json()
    assert (notified["code"], notified["appointment_id"]) == ("slot_taken", visit["id"])
    notified = another.try_post("/api/patient/book-appointment", **body).json()
    assert (notified["code"], "appointment_id" in notified) == ("slot_taken", False)


def test_calendars_of_both_sides_show_the_appointment_and_only_the_doctor(
    hospital: Hospital, receptionist: Person, doctor: Person
) -> None:
    patient = verified_patient(hospital, "Canary Kanter")
    visit = at_desk(receptionist, doctor, patient)
    [event] = calendar_of(patient)
    assert (str(event["uid"]), str(event["summary"])) == (f"{visit['id']}-patient", "Visit with Dr Iris Holm")
    assert f"{visit['id']}-doctor" in [str(one["uid"]) for one in calendar_of(doctor)]
    assert {str(one["summary"]) for one in calendar_of(doctor)} == {"Visit"}


def test_appointment_cancelled_by_the_desk_is_cancelled_for_all_sides(
    hospital: Hospital, receptionist: Person, doctor: Person
) -> None:
    patient = verified_patient(hospital)
    visit = at_desk(receptionist, doctor, patient)
    receptionist.post(f"/api/staff/appointments/{visit['id']}/cancel", reason="The patient called.")
    assert [str(event["status"]) for event in calendar_of(patient)] == ["CANCELLED"]
    eventually(lambda: patient.notifications("appointment_cancelled"))


def test_visit_started_by_mistake_is_cancelled_and_opens_no_chart(
    hospital: Hospital, receptionist: Person, doctor: Person
) -> None:
    patient = verified_patient(hospital)
    visit = at_desk(receptionist, doctor, patient)
    given = {"patient_id": patient.id, "items": [MEDICINE], "instructions": "With water."}
    doctor.post(f"/api/doctors/appointments/{visit['id']}/start")
    eventually(lambda: doctor.try_post("/api/doctors/prescribe", **given).status_code == 201)
    receptionist.post(f"/api/staff/appointments/{visit['id']}/cancel", reason="Left without being seen.")
    eventually(lambda: doctor.try_post("/api/doctors/prescribe", **given).status_code == 404)
    for person in (patient, doctor):
        assert eventually(lambda person=person: visit["id"] in notified(person, "appointment_cancelled"))


def test_former_doctor_is_notified_when_the_desk_moves_an_appointment(
    hospital: Hospital, admin: Person, receptionist: Person, doctor: Person
) -> None:
    patient, other = verified_patient(hospital), approved_doctor(hospital, admin)
    open_hours(other)
    visit = at_desk(receptionist, doctor, patient)
    slot = first_slot(patient, other.id)
    to_other = {"doctor_id": other.id, "starts_at": later(slot["starts_at"])}
    moved = receptionist.post(f"/api/staff/appointments/{visit['id']}/reschedule", **to_other)
    assert (moved["id"], moved["doctor_id"], moved["status"]) == (visit["id"], other.id, "booked")
    eventually(lambda: visit["id"] in notified(doctor, "appointment_given_away"))
    eventually(lambda: visit["id"] in notified(other, "appointment_rescheduled"))


def notified(person: Person, kind: str) -> list[str]:
    """The subjects of a person's notifications of a kind."""
    return [one["subject_id"] for one in person.notifications(kind)]


def later(moment: str) -> str:
    """The same time two days later."""
    return (datetime.fromisoformat(moment) + timedelta(days=2)).isoformat()


def test_shift_is_in_the_schedule_and_calendar_of_its_owner(admin: Person, nurse: Person) -> None:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=8)).isoformat()}
    shift = admin.post("/api/admin/shifts", status=201, person_id=nurse.id, ward="Ward 3", **times)
    assert [one["id"] for one in nurse.get("/api/staff/schedule")["items"]] == [shift["id"]]
    [event] = calendar_of(nurse)
    assert (str(event["uid"]), str(event["summary"])) == (f"{shift['id']}-shift", "Shift: Ward 3")


def test_task_is_accepted_and_completed(admin: Person, nurse: Person) -> None:
    task = admin.post("/api/admin/tasks", status=201, title="Count the beds.", owner_id=nurse.id)
    for move, status in (("accept", "accepted"), ("start", "in_progress"), ("complete", "completed")):
        assert nurse.post(f"/api/staff/tasks/{task['id']}/{move}")["status"] == status
    assert task["id"] in [one["id"] for one in nurse.get("/api/staff/tasks", status="completed")["items"]]


def test_administrators_have_lists_of_doctors_and_staff(
    admin: Person, doctor: Person, nurse: Person, receptionist: Person
) -> None:
    doctors = {one["id"] for one in admin.get("/api/admin/doctors", limit=100)["items"]}
    staff = {one["id"] for one in admin.get("/api/admin/staff", limit=100)["items"]}
    assert doctor.id in doctors - staff
    assert {nurse.id, receptionist.id} <= staff - doctors


def test_desk_reads_working_hours_set_by_an_administrator(
    hospital: Hospital, admin: Person, receptionist: Person
) -> None:
    doctor = approved_doctor(hospital, admin, name="Dr Hedda Lind")
    url = f"/api/admin/doctors/{doctor.id}/schedule"
    tag = hospital.call("GET", url, token=admin.token).headers["ETag"]
    rule = {"weekday": 0, "from": "09:00", "to": "12:00", "slot_minutes": 30}
    known = {"Authorization": f"Bearer {admin.token}", "If-Match": tag}
    first, second = (
        hospital.http.put(hospital.url + url, headers=known, json={"rules": [rule]}, timeout=30) for _ in range(2)
    )
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "stale")
    read = hospital.call("GET", f"/api/staff/doctors/{doctor.id}/schedule", token=receptionist.token)
    assert (read.json(), read.headers["ETag"]) == (first.json(), first.headers["ETag"])
    assert doctor.get("/api/doctors/schedule") == first.json()


def test_patients_of_an_ill_doctor_are_notified_by_an_administrator(
    hospital: Hospital, admin: Person, receptionist: Person
) -> None:
    doctor, patient = approved_doctor(hospital, admin, name="Dr Hugo Lind"), verified_patient(hospital)
    open_hours(doctor)
    visit, url = at_desk(receptionist, doctor, patient), f"/api/admin/doctors/{doctor.id}/time-off"
    away = {"starts_at": visit["starts_at"], "ends_at": visit["ends_at"], "reason": "Influenza"}
    assert admin.try_post(url, **away).json()["code"] == "has_visits"
    taken = admin.post(url, status=201, displace=True, **away)
    eventually(lambda: patient.notifications("appointment_displaced"))
    assert doctor.get("/api/doctors/time-off")["items"] == admin.get(url)["items"]
    assert receptionist.get(f"/api/staff/doctors/{doctor.id}/time-off")["items"] == [
        {name: taken[name] for name in ("id", "starts_at", "ends_at")}
    ]
    admin.ask("DELETE", f"{url}/{taken['id']}")
    assert doctor.get("/api/doctors/time-off")["items"] == []
