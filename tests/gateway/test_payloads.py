"""The fields of a command come from the path, the query and the body, each at most once."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.gateway.problem_documents import problem
from tests.hospital import Hospital
from tests.people import PASSWORD

BOOK = "/api/patient/book-appointment"
LOGIN = "/api/auth/login"
ME = "/api/users/me"
SCHEDULE = "/api/doctors/schedule"
UNKNOWN = "Unknown field."


def test_repeated_query_parameter_is_refused(hospital: Hospital, token: Callable[..., str]) -> None:
    reply = hospital.call("GET", "/api/doctors?limit=1&limit=2&specialization=a&name=", token=token("patient"))
    assert (problem(reply), set(reply.json()["errors"])) == ((422, "invalid"), {"limit", "name"})
    assert reply.json()["errors"]["limit"] == ["Given twice."]


def test_list_parameter_may_be_repeated(hospital: Hospital, token: Callable[..., str]) -> None:
    path, patient = "/api/patient/appointments", token("patient")
    for query in ("status=booked&status=cancelled", "status=booked,arrived&status=cancelled", "status=booked"):
        assert hospital.call("GET", f"{path}?{query}", token=patient).status_code == 200
    reply = hospital.call("GET", f"{path}?status=booked&status=lost", token=patient)
    assert (problem(reply), list(reply.json()["errors"])) == ((422, "invalid"), ["status"])


@pytest.mark.usefixtures("token")  # It registers the person.
def test_write_request_takes_no_query(hospital: Hospital) -> None:
    sent = {"email": "asha@gateway.example", "password": PASSWORD}
    reply = hospital.call("POST", LOGIN, params=sent)
    assert problem(reply) == (422, "invalid")
    assert {name: messages[0] for name, messages in reply.json()["errors"].items()} == dict.fromkeys(sent, UNKNOWN)
    reply = hospital.call("POST", LOGIN, params={"verbose": "1"}, json=sent)
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"verbose": [UNKNOWN]})
    assert hospital.call("POST", f"{LOGIN}?", json=sent).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/api/users/me/mfa"), ("PATCH", ME), ("PUT", SCHEDULE)])
def test_write_request_takes_no_secret_from_the_query(
    hospital: Hospital, token: Callable[..., str], method: str, path: str
) -> None:
    reply = hospital.call(method, path, token=token("patient", "doctor"), params={"password": PASSWORD})
    assert (problem(reply), reply.json()["errors"]["password"]) == ((422, "invalid"), [UNKNOWN])


def test_delete_takes_fields_without_secrets_from_the_query(hospital: Hospital, token: Callable[..., str]) -> None:
    path, other = f"/api/admin/delete-user/{uuid4()}", {"reassign_to": "nobody"}
    for sent in ({"params": other}, {"json": other}):
        reply = hospital.call("DELETE", path, token=token("admin"), **sent)
        assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"reassign_to": ["Not a valid UUID."]})
    reply = hospital.call("DELETE", path, token=token("admin"), params={"force": "1"})
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"force": [UNKNOWN]})


def test_field_is_refused_when_path_and_query_both_have_it(hospital: Hospital, token: Callable[..., str]) -> None:
    path = f"/api/doctors/{uuid4()}/slots?doctor_id={uuid4()}"
    reply = hospital.call("GET", path, token=token("patient"))
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"doctor_id": ["Unknown field."]})


def test_callers_own_id_is_refused_in_the_body(hospital: Hospital, token: Callable[..., str]) -> None:
    body = {"patient_id": str(uuid4()), "doctor_id": str(uuid4()), "starts_at": "2030-01-01T09:00:00Z"}
    reply = hospital.call("POST", BOOK, token=token("patient"), json=body)
    assert (problem(reply), reply.json()["errors"]) == ((422, "invalid"), {"patient_id": [UNKNOWN]})


def test_refusal_of_the_own_id_names_other_wrong_fields(hospital: Hospital, token: Callable[..., str]) -> None:
    body = {"patient_id": str(uuid4()), "doctor_id": "x", "colour": "red"}
    reply = hospital.call("POST", BOOK, token=token("patient"), json=body)
    assert (problem(reply), set(reply.json()["errors"])) == ((422, "invalid"), {*body, "starts_at"})


def test_callers_own_id_is_refused_in_the_query(hospital: Hospital, token: Callable[..., str]) -> None:
    reply = hospital.call("GET", f"/api/patient/appointments?patient_id={uuid4()}", token=token("patient"))
    assert problem(reply) == (422, "invalid")
