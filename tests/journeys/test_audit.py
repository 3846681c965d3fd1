"""The audit of all services, as an administrator reads it."""

from typing import Any
from uuid import uuid4

from contracts.audit import ListAuditTrail
from records import cursors
from tests.hospital import Hospital, eventually
from tests.people import Person, approved_doctor, first_slot, open_hours, sign_in, verified_patient


def deeds(admin: Person, **filters: Any) -> list[dict[str, Any]]:
    """The rows of the first page of the audit."""
    found: list[dict[str, Any]] = admin.get("/api/admin/audit", limit=100, **filters)["items"]
    return found


def actions(admin: Person, person: Person) -> set[tuple[str, str, bool]]:
    """The audit of a person as actor or subject: service, action, and whether it was allowed."""
    return {(row["service"], row["action"], row["allowed"]) for row in deeds(admin, person_id=person.id)}


def test_audit_lists_actions_of_all_services_together(hospital: Hospital, admin: Person) -> None:
    doctor, patient = approved_doctor(hospital, admin), verified_patient(hospital)
    open_hours(doctor)
    slot = first_slot(patient, doctor.id)
    visit = patient.post("/api/patient/book-appointment", status=201, doctor_id=doctor.id, starts_at=slot["starts_at"])
    assert ("scheduling", "book_appointment", True) in actions(admin, patient)
    assert ("auth", "log_in", True) in actions(admin, patient)
    [row] = deeds(admin, record_id=visit["id"])
    assert (row["actor_id"], row["address"], row["service"]) == (patient.id, "127.0.0.1", "scheduling")


def test_failed_sign_in_is_audited_for_the_account(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    hospital.call("POST", "/api/auth/login", json={"email": person.email, "password": "wrong-wrong-wrong"})
    assert ("auth", "log_in", False) in actions(admin, person)


def test_gateway_refusal_of_a_role_is_audited(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    reply = hospital.call("GET", "/api/admin/users", token=person.token)
    [row] = deeds(admin, person_id=person.id, action="list_users")
    assert (row["allowed"], row["request_id"]) == (False, reply.headers["X-Request-Id"])


def refused(admin: Person, person: Person) -> dict[str, str | None]:
    """The records of refused actions of a person, by action."""
    return {row["action"]: row["record_id"] for row in deeds(admin, person_id=person.id, allowed=False)}


def test_gateway_refusal_names_the_record_of_the_path(hospital: Hospital, admin: Person) -> None:
    person, wanted = verified_patient(hospital), str(uuid4())
    assert hospital.call("GET", f"/api/staff/patients/{wanted}", token=person.token).status_code == 403
    [row] = deeds(admin, record_id=wanted)
    assert (row["actor_id"], row["action"], row["allowed"]) == (person.id, "get_patient", False)


def test_gateway_refusal_names_the_record_of_the_body_or_the_query(hospital: Hospital, admin: Person) -> None:
    person, wanted, listed = verified_patient(hospital), str(uuid4()), str(uuid4())
    body = {"patient_id": wanted, "items": [], "instructions": "Asha Rao, +4930123456"}
    assert hospital.call("POST", "/api/doctors/prescribe", token=person.token, json=body).status_code == 403
    hospital.call("GET", "/api/staff/appointments", token=person.token, params={"doctor_id": listed})
    assert refused(admin, person) == {"prescribe": wanted, "list_appointments": listed}
    assert "Asha" not in str(deeds(admin, record_id=wanted))


def test_gateway_refusal_names_no_record_where_there_is_none(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    for body in ({"patient_id": "Asha Rao"}, {"patient_id": person.id}, ["nonsense"]):
        reply = hospital.call("POST", "/api/doctors/prescribe", token=person.token, json=body)
        assert reply.status_code == 403
    assert {row["record_id"] for row in deeds(admin, person_id=person.id, allowed=False)} == {None}


def test_refused_access_to_another_record_is_audited(hospital: Hospital, admin: Person) -> None:
    person, wanted = verified_patient(hospital), str(uuid4())
    assert hospital.call("POST", f"/api/notifications/{wanted}/read", token=person.token).status_code == 404
    [row] = deeds(admin, record_id=wanted)
    assert (row["actor_id"], row["service"], row["allowed"]) == (person.id, "notify", False)


def test_role_change_and_erasure_are_audited(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    admin.ask("PUT", f"/api/admin/users/{person.id}/roles", roles=["patient", "nurse"])
    admin.ask("DELETE", f"/api/admin/delete-user/{person.id}")
    done = {(row["action"], row["actor_id"]) for row in deeds(admin, record_id=person.id)}
    assert {("assign_roles", admin.id), ("erase_user", admin.id)} <= done


def test_pages_have_no_gap_and_no_duplicate(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    for _ in range(3):
        sign_in(hospital, person.email)
    whole = deeds(admin, person_id=person.id)
    rows, cursor = [], None
    while True:
        told = admin.get("/api/admin/audit", limit=2, person_id=person.id, **({"cursor": cursor} if cursor else {}))
        rows += told["items"]
        if (cursor := told["next"]) is None:
            break
    assert rows == whole
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_audit_is_filtered_by_time(hospital: Hospital, admin: Person) -> None:
    person = verified_patient(hospital)
    rows = deeds(admin, person_id=person.id)
    last = rows[0]["at"]
    assert deeds(admin, person_id=person.id, **{"from": last}) == [row for row in rows if row["at"] == last]
    assert deeds(admin, person_id=person.id, to=last) == [row for row in rows if row["at"] < last]


def test_invalid_cursor_is_refused(hospital: Hospital, admin: Person) -> None:
    for cursor in ("nonsense", "W10", "eyJhdXRoIjogMX0"):
        reply = hospital.call("GET", "/api/admin/audit", token=admin.token, params={"cursor": cursor})
        assert (reply.status_code, reply.json()["code"]) == (422, "bad_cursor")


def test_marked_cursor_without_five_positions_is_refused(hospital: Hospital, admin: Person) -> None:
    mark = ListAuditTrail.mark()
    for positions in (cursors.encoded("end"), cursors.encoded(*range(5)), cursors.encoded(*["forged"] * 5), "nonsense"):
        reply = hospital.call("GET", "/api/admin/audit", token=admin.token, params={"cursor": mark + positions})
        assert (reply.status_code, reply.json()["code"]) == (422, "bad_cursor")


def test_audit_names_a_silent_service(hospital: Hospital, admin: Person) -> None:
    if "billing" not in hospital.processes:
        assert admin.get("/api/admin/audit")["missing"] == []
        return
    hospital.processes["billing"].end()
    try:
        told = admin.get("/api/admin/audit")
        assert (told["missing"], bool(told["items"])) == (["billing"], True)
    finally:
        hospital.processes["billing"].start()
        hospital.wait_until_ready()
    assert eventually(lambda: admin.get("/api/admin/audit")["missing"] == [])
