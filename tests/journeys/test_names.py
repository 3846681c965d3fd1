"""Names from the form to the chart: whoever can register has a profile."""

from uuid import uuid4

import pytest

from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, verified_patient


@pytest.mark.parametrize("name", [" ", "\u00a0", "\u200b", "\u3164", "\u2800", "\u0301"])
def test_a_blank_name_registers_nobody(hospital: Hospital, name: str) -> None:
    body = {"email": f"{uuid4().hex[:12]}@journey.example", "password": PASSWORD, "name": name}
    reply = hospital.call("POST", "/api/auth/register", json=body)
    assert (reply.status_code, list(reply.json()["errors"])) == (422, ["name"])


@pytest.mark.parametrize("name", ["-", "\U0001f642", "\u0646\u06cc\u06a9\u200c\u0646\u0627\u0645", "\u674e\u660e"])
def test_whoever_registers_has_a_profile_whatever_the_name(hospital: Hospital, name: str) -> None:
    person = verified_patient(hospital, name)
    found = lambda: hospital.call("GET", "/api/patient/profile", token=person.token)  # noqa: E731  asked again and again
    assert eventually(lambda: found().status_code == 200)
    assert found().json()["name"] == name
