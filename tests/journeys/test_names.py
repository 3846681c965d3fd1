"""Names from the form to the chart: every registered patient has a profile."""

from uuid import uuid4

import pytest

from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, verified_patient


@pytest.mark.parametrize("name", [" ", "\u00a0", "\u200b", "\u3164", "\u2800", "\u0301"])
def test_registration_is_refused_with_a_blank_name(hospital: Hospital, name: str) -> None:
    body = {"email": f"{uuid4().hex[:12]}@journey.example", "password": PASSWORD, "name": name}
    reply = hospital.call("POST", "/api/auth/register", json=body)
    assert (reply.status_code, list(reply.json()["errors"])) == (422, ["name"])


@pytest.mark.parametrize("name", ["-", "\U0001f642", "\u0646\u06cc\u06a9\u200c\u0646\u0627\u0645", "\u674e\u660e"])
def test_registered_patient_has_a_profile_with_any_name(hospital: Hospital, name: str) -> None:
    person = verified_patient(hospital, name)
    found = lambda: hospital.call("GET", "/api/patient/profile", token=person.token)  # noqa: E731  called repeatedly
    assert eventually(lambda: found().status_code == 200)
    assert found().json()["name"] == name
