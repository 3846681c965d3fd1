"""Erasure removes a person from all databases and logs, and keeps the medical record."""

from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import inspect, text

from chassis.config import SERVICES
from tests.hospital import Hospital, eventually
from tests.journeys.databases import auth_knows_as_open, connected
from tests.journeys.factories import MEDICINE
from tests.people import (
    PASSWORD,
    Person,
    approved_doctor,
    approved_staff,
    first_slot,
    open_hours,
    verified_patient,
)

SECONDS = 30


def places_of(hospital: Hospital, words: list[str]) -> list[str]:
    """The tables that contain one of these words, in any column and any case."""
    found = []
    for service in SERVICES:
        with connected(hospital, service) as connection:
            for table in inspect(connection).get_table_names():
                rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  a table name from the database
                found += [f"{service}.{table}" for word in words if word.lower() in str(rows).lower()]
    return sorted(set(found))


def must_be_gone(hospital: Hospital, words: list[str]) -> None:
    """Wait until no database contains one of these words. No log may contain one either."""
    with suppress(AssertionError):  # The next line reports the tables.
        eventually(lambda: places_of(hospital, words) == [], seconds=SECONDS, every=0.5)
    assert places_of(hospital, words) == []
    assert [word for word in words if word.lower() in hospital.logs().lower()] == []


def erase(admin: Person, person: Person, **how: str) -> None:
    """Erase an account, after all its events have arrived."""

    def is_gone() -> bool:
        path = f"/api/admin/delete-user/{person.id}"
        reply = admin.hospital.call("DELETE", path, token=admin.token, params=how)
        assert reply.status_code in (200, 503), reply.text
        return reply.status_code == 200

    eventually(is_gone)


@pytest.fixture
def canary() -> str:
    """A unique word."""
    return f"canary{uuid4().hex[:10]}"


@pytest.fixture
def doctor(hospital: Hospital, admin: Person, canary: str) -> Person:
    """A doctor with a unique name and unique documents."""
    said = {"statement": f"I am {canary}-doctor.", "licence_number": f"{canary}-doctor"}
    person = approved_doctor(hospital, admin, name=f"Dr {canary}-doctor", **said)
    open_hours(person)
    return person


@pytest.fixture
def patient(hospital: Hospital, doctor: Person, canary: str) -> Person:
    """A patient with a past visit, a prescription, and a future appointment."""
    person = verified_patient(hospital, f"{canary}-patient")
    change = {"phone": phone_of(canary), "timezone": "Europe/Berlin"}
    assert hospital.call("PATCH", "/api/users/me", token=person.token, json=change).status_code == 200
    for moves in (["accept", "start", "complete"], ["accept"]):
        slot = {"doctor_id": doctor.id, "starts_at": first_slot(person, doctor.id)["starts_at"]}
        visit = person.post("/api/patient/book-appointment", status=201, reason=f"{canary}-patient feels ill", **slot)
        for move in moves:
            doctor.post(f"/api/doctors/appointments/{visit['id']}/{move}")
    given = {"patient_id": person.id, "items": [MEDICINE], "instructions": "With water."}
    eventually(lambda: doctor.try_post("/api/doctors/prescribe", **given).status_code == 201)
    eventually(lambda: len(person.notifications("appointment_booked")) == 2)
    return person


def phone_of(canary: str) -> str:
    """A unique phone number."""
    return f"+49{int(canary.removeprefix('canary'), 16) % 10**11:011d}"


def test_erased_doctor_leaves_only_ids_and_work(
    hospital: Hospital, admin: Person, doctor: Person, patient: Person, canary: str
) -> None:
    words = [f"{canary}-doctor", doctor.email]
    found = {place.partition(".")[0] for place in places_of(hospital, words)}
    assert found >= {"auth", "clinical", "notify", "scheduling"}
    refused = eventually(lambda: refusal(admin, doctor))
    assert refused["code"] == "has_open_visits"
    successor = approved_doctor(hospital, admin)
    erase(admin, doctor, reassign_to=successor.id)
    must_be_gone(hospital, words)
    assert [one["doctor_id"] for one in patient.get("/api/patient/prescriptions")["items"]] == [doctor.id]
    moved = eventually(lambda: successor.get("/api/doctors/appointments")["items"])
    assert [(one["id"], one["status"]) for one in moved] == [(refused["appointment_ids"][0], "booked")]
    for person in (patient, successor):
        eventually(lambda person=person: person.notifications("appointment_rescheduled"))  # type: ignore[misc]


def refusal(admin: Person, doctor: Person) -> dict[str, Any]:
    """The refusal of the erasure, after auth has received the appointment. Empty before."""
    mine = {one["id"] for one in doctor.get("/api/doctors/appointments", status="booked")["items"]}
    if not auth_knows_as_open(admin.hospital, mine):
        return {}
    reply = admin.hospital.call("DELETE", f"/api/admin/delete-user/{doctor.id}", token=admin.token)
    assert reply.status_code == 409, reply.text
    return dict(reply.json())


def test_erased_patient_leaves_only_ids_and_the_chart(
    hospital: Hospital, admin: Person, doctor: Person, patient: Person, canary: str
) -> None:
    words = [f"{canary}-patient", phone_of(canary), patient.email]
    found = {place.partition(".")[0] for place in places_of(hospital, words)}
    assert found >= {"auth", "clinical", "notify", "scheduling"}
    erase(admin, patient)
    must_be_gone(hospital, words)
    kept = doctor.get(f"/api/doctors/prescriptions/{patient.id}")["items"]
    assert [one["doctor_id"] for one in kept] == [doctor.id]


def test_erased_patient_of_the_desk_leaves_only_ids(
    hospital: Hospital, admin: Person, doctor: Person, canary: str
) -> None:
    receptionist = approved_staff(hospital, admin, "receptionist")
    word, email = f"{canary}-desk", f"{canary}@desk.example"
    said = {"family_name": word, "birth_date": "1980-02-29", "sex": "female", "phone": phone_of(canary), "email": email}
    patient = receptionist.post("/api/staff/register-patient", status=201, **said)
    visit = {"doctor_id": doctor.id, "starts_at": first_slot(receptionist, doctor.id)["starts_at"]}
    body = {"patient_id": patient["id"], "reason": f"{word} feels ill", **visit}
    receptionist.post("/api/staff/appointments", status=201, **body)
    words = [word, phone_of(canary), email]
    kept = {"auth", "clinical", "notify", "scheduling"}
    eventually(lambda: {place.partition(".")[0] for place in places_of(hospital, words)} >= kept)
    erase(admin, Person(hospital, email, patient["id"], ""))
    must_be_gone(hospital, words)
    reply = receptionist.try_post(f"/api/staff/patients/{patient['id']}/invite", email=email)
    assert reply.status_code == 404, reply.text


def test_erased_person_is_signed_out_and_cannot_sign_in(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    erase(admin, person)
    eventually(lambda: hospital.call("GET", "/api/users/me", token=person.token).status_code == 401)
    again = {"email": person.email, "password": PASSWORD}
    assert hospital.call("POST", "/api/auth/login", json=again).status_code == 401
