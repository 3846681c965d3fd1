"""Callers use their own writes at once in another service: docs/consistency.md, "Waits".

`OWN_WRITES=200` repeats each pair that often.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.hospital import Hospital, embedded_hospital, eventually
from tests.journeys.factories import MEDICINE
from tests.people import PASSWORD, Person, approved_doctor, approved_staff, make_admin, open_hours, verified_patient

ROUNDS = int(os.environ.get("OWN_WRITES", "5"))
DAY = 200
"""The bookings of one doctor. A visit may start 24 hours ahead, and these have 287 slots."""
LAG = 0.25
LATE = f"""
import eventlet
from chassis.execution import reactions, waits
from transports import timers
begin, handle, waits.SECONDS = timers.WakingTimer.__init__, reactions.Reaction.run, 10.0
timers.WakingTimer.__init__ = lambda timer, seconds: begin(timer, 3600 * seconds)
def late(*event):
    eventlet.sleep({LAG})
    handle(*event)
reactions.Reaction.run = late
from matron.command import main
main()
"""
"""A program that delays every event, so that no request follows it by luck, and runs no timer in between."""


class Ward:
    """The people of a hospital who use their own writes."""

    def __init__(self, hospital: Hospital, admin: Person) -> None:
        self.hospital, self.admin = hospital, admin
        self.receptionist = approved_staff(hospital, admin, "receptionist")
        self.nurse = approved_staff(hospital, admin, "nurse")
        self.relieve_doctor()

    def relieve_doctor(self) -> None:
        """Let another doctor, who has free slots, do the next visits."""
        self.doctor = approved_doctor(self.hospital, self.admin)
        open_hours(self.doctor, slot_minutes=5, opens="00:00", closes="23:55")
        self.slots, self.bookings = self._free(), 0

    def _free(self) -> Iterator[str]:
        while True:
            page = self.doctor.get(f"/api/doctors/{self.doctor.id}/slots", limit=100)
            yield from [slot["starts_at"] for slot in page["items"]]

    def registered(self) -> str:
        """Register a patient at the desk, and return the id."""
        facts = {"family_name": uuid4().hex, "birth_date": "1980-02-29", "sex": "female"}
        return str(self.receptionist.post("/api/staff/register-patient", status=201, **facts)["id"])

    def booked(self, patient_id: str) -> str:
        """Book an appointment at the desk, and return its id."""
        self.bookings += 1
        body = {"doctor_id": self.doctor.id, "patient_id": patient_id, "starts_at": next(self.slots)}
        return str(self.receptionist.post("/api/staff/appointments", status=201, **body)["id"])

    def assign(self, person: Person, *roles: str, **more: str) -> None:
        """Set the roles of a person."""
        self.admin.ask("PUT", f"/api/admin/users/{person.id}/roles", roles=[*roles], **more)


@pytest.fixture(scope="module")
def ward(hospital: Hospital, admin: Person) -> Ward:
    """The people of the usual hospital."""
    return Ward(hospital, admin)


@pytest.fixture(scope="module")
def late_ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """The people of a hospital with late events."""
    folder = tmp_path_factory.mktemp("late")
    with embedded_hospital(folder, program=LATE) as hospital:
        settings = {"AUTH_DATABASE_URL": f"sqlite:///{folder}/auth.db", "AMQP_URL": "embedded://matron"}
        yield Ward(hospital, make_admin(hospital, settings | hospital.processes["matron"].environment))


def care_follows_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit, prescribes and reads the prescriptions."""
    patient_id = ward.registered()
    visit_id = ward.booked(patient_id)
    ward.doctor.post(f"/api/doctors/appointments/{visit_id}/start")
    given = {"patient_id": patient_id, "items": [MEDICINE], "instructions": "With water."}
    written = ward.doctor.post("/api/doctors/prescribe", status=201, **given)
    listed = ward.doctor.get(f"/api/doctors/prescriptions/{patient_id}")["items"]
    assert [one["id"] for one in listed] == [written["id"]]


def a_lab_order_follows_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit, orders a laboratory test and reads the orders."""
    patient_id = ward.registered()
    ward.doctor.post(f"/api/doctors/appointments/{ward.booked(patient_id)}/start")
    placed = ward.doctor.post("/api/doctors/lab-orders", status=201, patient_id=patient_id, tests=["2823-3"])
    listed = ward.doctor.get(f"/api/doctors/patients/{patient_id}/lab-orders")["items"]
    assert [one["id"] for one in listed] == [placed["id"]]


def an_end_of_a_prescription_follows_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit and ends the prescription of a colleague: no other request has waited before."""
    colleague, patient_id = approved_doctor(ward.hospital, ward.admin), ward.registered()
    open_hours(colleague, slot_minutes=5, opens="00:00", closes="23:55")
    last = colleague.get(f"/api/doctors/{colleague.id}/slots", limit=100)["items"][-1]["starts_at"]
    body = {"doctor_id": colleague.id, "patient_id": patient_id, "starts_at": last}
    visit = ward.receptionist.post("/api/staff/appointments", status=201, **body)
    colleague.post(f"/api/doctors/appointments/{visit['id']}/start")
    given = {"patient_id": patient_id, "items": [MEDICINE]}
    written = colleague.post("/api/doctors/prescribe", status=201, **given)
    ward.doctor.post(f"/api/doctors/appointments/{ward.booked(patient_id)}/start")
    ended = ward.doctor.post(f"/api/doctors/prescriptions/{written['id']}/discontinue", reason="Rash.")
    assert (ended["status"], ended["doctor_id"]) == ("discontinued", colleague.id)


def a_chart_follows_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit, prescribes, orders a laboratory test, and reads the chart with both."""
    patient_id = ward.registered()
    ward.doctor.post(f"/api/doctors/appointments/{ward.booked(patient_id)}/start")
    given = {"patient_id": patient_id, "items": [MEDICINE], "instructions": "With water."}
    written = ward.doctor.post("/api/doctors/prescribe", status=201, **given)
    placed = ward.doctor.post("/api/doctors/lab-orders", status=201, patient_id=patient_id, tests=["2823-3"])
    chart = ward.doctor.get(f"/api/doctors/patients/{patient_id}")
    assert [one["id"] for one in chart["prescriptions"]] == [written["id"]]
    assert [one["order_id"] for one in chart["open_results"]] == [placed["id"]]


def the_chart_is_the_first_reading_of_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit, and reads the chart and the history."""
    patient_id = ward.registered()
    visit_id = ward.booked(patient_id)
    ward.doctor.post(f"/api/doctors/appointments/{visit_id}/start")
    chart = ward.doctor.get(f"/api/doctors/patients/{patient_id}")
    assert [one["id"] for one in chart["appointments"]] == [visit_id]
    assert ward.doctor.get(f"/api/doctors/patients/{patient_id}/history")["items"] == []


def prescriptions_follow_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit and reads the prescriptions: a query waits like a command."""
    patient_id = ward.registered()
    ward.doctor.post(f"/api/doctors/appointments/{ward.booked(patient_id)}/start")
    assert ward.doctor.get(f"/api/doctors/prescriptions/{patient_id}")["items"] == []


def a_record_follows_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit, writes a record about the appointment, and reads the records."""
    patient_id = ward.registered()
    visit_id = ward.booked(patient_id)
    ward.doctor.post(f"/api/doctors/appointments/{visit_id}/start")
    url, body = f"/api/doctors/patients/{patient_id}/records", {"kind": "diagnosis", "text": "Asthma"}
    written = ward.doctor.post(url, status=201, appointment_id=visit_id, **body)
    assert [one["id"] for one in ward.doctor.get(url)["items"]] == [written["id"]]


def a_nursing_note_follows_a_booking(ward: Ward) -> None:
    """The desk books an appointment, and a nurse writes a note about it."""
    patient_id = ward.registered()
    url, body = f"/api/doctors/patients/{patient_id}/records", {"kind": "nursing_note", "text": "Slept well."}
    ward.nurse.post(url, status=201, appointment_id=ward.booked(patient_id), **body)


def vitals_follow_a_started_visit(ward: Ward) -> None:
    """The doctor starts the visit, reads the vital signs and sets the oxygen target."""
    patient_id = ward.registered()
    ward.doctor.post(f"/api/doctors/appointments/{ward.booked(patient_id)}/start")
    chart = f"/api/doctors/patients/{patient_id}"
    assert ward.doctor.get(f"{chart}/vitals")["items"] == []
    target = ward.doctor.post(f"{chart}/oxygen-target", status=201, scale=2, reason="Hypercapnic failure.")
    assert ward.doctor.get(f"{chart}/oxygen-target") == target


def a_task_follows_a_registration(ward: Ward) -> None:
    """The desk registers a patient, and an administrator creates a task about the patient."""
    ward.admin.post(
        "/api/admin/tasks", status=201, title="Call back.", owner_id=ward.receptionist.id, patient_id=ward.registered()
    )


def an_invitation_follows_a_registration(ward: Ward) -> None:
    """The desk registers a patient, and invites the patient to open an account."""
    email = f"{uuid4().hex}@own.example"
    ward.receptionist.post(f"/api/staff/patients/{ward.registered()}/invite", status=202, email=email)


def an_erasure_follows_a_registration(ward: Ward) -> None:
    """The desk registers a patient, and an administrator erases the patient."""
    ward.admin.ask("DELETE", f"/api/admin/delete-user/{ward.registered()}")


def work_follows_a_role(ward: Ward) -> None:
    """An administrator assigns a role, for the first time or again, and then a shift and a task."""
    nurse = _colleague(ward, "nurse")
    ward.assign(nurse, "patient", "nurse")
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=next(_DAYS))
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=8)).isoformat()}
    ward.admin.post("/api/admin/shifts", status=201, person_id=nurse.id, ward="Ward 3", **times)
    ward.assign(nurse, "patient")
    ward.assign(nurse, "patient", "nurse")
    ward.admin.post("/api/admin/tasks", status=201, title="Say hello.", owner_id=nurse.id)
    ward.assign(nurse, "patient")


def hours_follow_an_approval(ward: Ward) -> None:
    """An administrator makes a person a doctor, for the first time or again, and sets hours and reads slots."""
    doctor, hours = _colleague(ward, "doctor"), [{"weekday": 1, "from": "09:00", "to": "17:00", "slot_minutes": 30}]
    ward.assign(doctor, "patient", "doctor", specialization="cardiology")
    ward.admin.ask("PUT", f"/api/admin/doctors/{doctor.id}/schedule", rules=hours)
    ward.assign(doctor, "patient")
    eventually(lambda: doctor.id not in {one["id"] for one in ward.admin.get("/api/doctors", limit=100)["items"]})
    ward.assign(doctor, "patient", "doctor", specialization="cardiology")
    assert ward.admin.get(f"/api/doctors/{doctor.id}/slots")["items"]
    assert ward.admin.get(f"/api/doctors/{doctor.id}")["id"] == doctor.id
    ward.assign(doctor, "patient")


_COLLEAGUES = dict[tuple[str, str], Person]()
_DAYS = iter(range(2, 100_000))


def _colleague(ward: Ward, kind: str) -> Person:
    """A person who gets and loses a role repeatedly."""
    key = (ward.hospital.url, kind)
    if key not in _COLLEAGUES:
        _COLLEAGUES[key] = verified_patient(ward.hospital)
    return _COLLEAGUES[key]


PAIRS = [
    care_follows_a_started_visit,
    a_lab_order_follows_a_started_visit,
    an_end_of_a_prescription_follows_a_started_visit,
    a_chart_follows_a_started_visit,
    the_chart_is_the_first_reading_of_a_started_visit,
    prescriptions_follow_a_started_visit,
    a_record_follows_a_started_visit,
    a_nursing_note_follows_a_booking,
    vitals_follow_a_started_visit,
    a_task_follows_a_registration,
    an_invitation_follows_a_registration,
    an_erasure_follows_a_registration,
    work_follows_a_role,
    hours_follow_an_approval,
]


@pytest.mark.parametrize("expect_effect", PAIRS, ids=lambda expect_effect: expect_effect.__name__)
def test_callers_can_use_their_own_writes_at_once(ward: Ward, expect_effect: Any) -> None:
    for _ in range(ROUNDS):
        if ward.bookings > DAY:
            ward.relieve_doctor()
        expect_effect(ward)


@pytest.mark.parametrize("expect_effect", PAIRS, ids=lambda expect_effect: expect_effect.__name__)
def test_callers_can_use_their_own_writes_when_events_are_late(late_ward: Ward, expect_effect: Any) -> None:
    expect_effect(late_ward)


def test_doctor_is_refused_unknown_patients_without_waits_after_ten(ward: Ward) -> None:
    doctor, stranger = approved_doctor(ward.hospital, ward.admin), ward.registered()
    paths = [f"/api/doctors/prescriptions/{one}" for one in (stranger, _unknown_id(stranger))]
    replies = [ward.hospital.call("GET", path, token=doctor.token) for path in paths * 5]
    assert {(one.status_code, one.json()["detail"]) for one in replies} == {
        (404, "There is no such patient in your care.")
    }
    last = ward.hospital.call("GET", paths[0], token=doctor.token)
    assert (last.status_code, last.elapsed < min(one.elapsed for one in replies)) == (404, True)


def _unknown_id(known: str) -> str:
    """An unused id, similar to a known one."""
    return known[:-4] + f"{int(known[-4:], 16) ^ 0xFFFF:04x}"


def test_mail_is_sent_with_its_event_before_the_next_tick(late_ward: Ward) -> None:
    email = f"{uuid4().hex}@own.example"
    body = {"email": email, "password": PASSWORD, "name": "Asha Rao"}
    assert late_ward.hospital.call("POST", "/api/auth/register", json=body).status_code == 201
    assert eventually(lambda: late_ward.hospital.mails_to(email))
