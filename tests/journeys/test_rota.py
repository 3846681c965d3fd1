"""Staff over HTTP: swaps, shifts, tasks, weekly hours, and times in UTC."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.hospital import Hospital, eventually
from tests.people import Person, approved_doctor, approved_staff, verified_patient

BERLIN_IN_WINTER = timezone(timedelta(hours=1))


@pytest.fixture(scope="module")
def nurses(hospital: Hospital, admin: Person) -> list[Person]:
    """Two nurses whose names scheduling has received."""
    one, other = (approved_staff(hospital, admin, "nurse", name=name) for name in ("Nora Nurse", "Nils Nurse"))
    eventually(lambda: _colleague(other, "Nils Nurse") in one.get("/api/staff/colleagues", limit=100)["items"])
    eventually(lambda: _colleague(one, "Nora Nurse") in other.get("/api/staff/colleagues", limit=100)["items"])
    return [one, other]


def _colleague(person: Person, name: str) -> dict[str, Any]:
    """A nurse as another nurse sees them."""
    return {"id": person.id, "name": name, "roles": ["nurse"]}


def at(days: int) -> datetime:
    """The full hour in `days` days, with an offset."""
    return datetime.now(BERLIN_IN_WINTER).replace(minute=0, second=0, microsecond=0) + timedelta(days=days)


def assigned(admin: Person, nurse: Person, starts_at: datetime) -> dict[str, Any]:
    """A shift of eight hours."""
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=8)).isoformat()}
    body = {"person_id": nurse.id, "ward": "Ward 3", **times}
    made: list[dict[str, Any]] = []
    eventually(lambda: _tried(admin, body, made))
    return made[0]


def _tried(admin: Person, body: dict[str, Any], made: list[dict[str, Any]]) -> bool:
    """Whether scheduling knows the nurse."""
    reply = admin.try_post("/api/admin/shifts", **body)
    assert reply.status_code in (201, 404), reply.text
    made += [reply.json()] if reply.status_code == 201 else []
    return bool(made)


def test_other_side_is_notified_of_each_step_of_a_swap(admin: Person, nurses: list[Person]) -> None:
    one, other = nurses
    shift, _theirs = assigned(admin, one, at(3)), assigned(admin, other, at(4))
    swap = one.post(f"/api/staff/shifts/{shift['id']}/swap", status=201, asked_of=other.id)
    eventually(lambda: other.notifications("swap_asked"))
    other.post(f"/api/staff/shift-swaps/{swap['id']}/answer", answer="accept")
    eventually(lambda: one.notifications("swap_answered"))
    admin.post(f"/api/admin/shifts/{shift['id']}/approve-swap")
    eventually(lambda: one.notifications("shift_changed") and other.notifications("shift_changed"))
    assert other.notifications("swap_answered") == one.notifications("swap_decided") == []
    assert admin.get(f"/api/admin/shifts/{shift['id']}")["person_id"] == other.id


def test_nurse_finds_a_shift_to_swap_and_the_colleague_sees_it(admin: Person, nurses: list[Person]) -> None:
    one, other = nurses
    mine, theirs = assigned(admin, one, at(9)), assigned(admin, other, at(10))
    assert _colleague(other, "Nils Nurse") in one.get("/api/staff/colleagues", limit=100)["items"]
    found = one.get(f"/api/staff/colleagues/{other.id}/schedule", limit=100)["items"]
    shown = [{name: made[name] for name in ("id", "ward", "starts_at", "ends_at")} for made in (mine, theirs)]
    assert shown[1] in found
    asked = {"asked_of": other.id, "in_exchange_id": theirs["id"]}
    swap = one.post(f"/api/staff/shifts/{mine['id']}/swap", status=201, **asked)
    assert [swap["shift"], swap["in_exchange"]] == shown
    assert swap in other.get("/api/staff/shift-swaps")["items"]
    assert admin.get(f"/api/admin/shifts/{mine['id']}")["swap"]["revision"] == swap["revision"]


def test_time_with_an_offset_is_shown_in_utc(admin: Person, nurses: list[Person]) -> None:
    starts_at = at(5)
    made = assigned(admin, nurses[0], starts_at)
    assert made["starts_at"] == starts_at.astimezone(UTC).isoformat()
    assert admin.get(f"/api/admin/shifts/{made['id']}") == {**made, "swap": None}
    listed = admin.get("/api/admin/shifts", **{"person_id": nurses[0].id, "from": made["starts_at"], "order": "asc"})
    assert listed["items"][0] == made


def test_task_is_visible_to_its_owner_and_administrators(admin: Person, nurses: list[Person]) -> None:
    assigned(admin, nurses[0], at(7))
    given = {"title": "Count the beds", "owner_id": nurses[0].id}
    task = admin.post("/api/admin/tasks", status=201, **given)
    assert admin.get(f"/api/admin/tasks/{task['id']}") == task
    assert nurses[0].get(f"/api/staff/tasks/{task['id']}") == task
    reply = admin.hospital.call("GET", f"/api/staff/tasks/{task['id']}", token=nurses[1].token)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    open_ones = nurses[0].get("/api/staff/tasks", status="requested,accepted", order="asc")["items"]
    assert task["id"] in [one["id"] for one in open_ones]


def test_stale_weekly_hours_are_not_saved(hospital: Hospital, admin: Person) -> None:
    doctor, url = approved_doctor(hospital, admin, name="Dr Edda Vogel"), "/api/doctors/schedule"
    eventually(lambda: hospital.call("GET", url, token=doctor.token).status_code == 200)
    tag = hospital.call("GET", url, token=doctor.token).headers["ETag"]
    monday = {"weekday": 0, "from": "09:00", "to": "12:00", "slot_minutes": 30}
    known = {"Authorization": f"Bearer {doctor.token}", "If-Match": tag}
    asked: dict[str, Any] = {"headers": known, "json": {"rules": [monday]}, "timeout": 30}
    first, second = (hospital.http.put(hospital.url + url, **asked) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 412)
    assert first.json()["timezone"]
    overlap = hospital.call("PUT", url, token=doctor.token, json={"rules": [monday, {**monday, "from": "11:00"}]})
    assert (overlap.status_code, overlap.json()["code"], overlap.json()["rules"]) == (422, "rules_overlap", [0, 1])


def test_doctor_is_found_by_part_of_the_name(hospital: Hospital, admin: Person) -> None:
    doctor, patient = approved_doctor(hospital, admin, name="Dr Quirin Xaver"), verified_patient(hospital)
    eventually(lambda: patient.get("/api/doctors", name="quirin x")["items"])
    [found] = patient.get("/api/doctors", name="quirin x")["items"]
    assert patient.get(f"/api/doctors/{doctor.id}") == found
    assert patient.get(f"/api/doctors/{doctor.id}/slots")["timezone"]
