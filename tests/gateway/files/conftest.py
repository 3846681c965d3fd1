"""A patient in the embedded hospital, and requests with files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.gateway.files.samples import form, sent
from tests.hospital import Hospital

Token = Callable[..., str]
Send = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def patient_id(hospital: Hospital, token: Token) -> str:
    """Return the id of a patient from the desk."""
    facts = {"given_name": "Asha", "family_name": "Rao", "birth_date": "1990-04-07", "sex": "female"}
    reply = hospital.call("POST", "/api/staff/register-patient", token=token("receptionist"), json=facts)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


@pytest.fixture(scope="session")
def send(hospital: Hospital, token: Token, patient_id: str) -> Send:
    """Return `send(body, ...)`: a nurse adds a file to the patient's chart."""

    def made(body: bytes = b"", *, key: str = "", role: str = "nurse", **changes: Any) -> requests.Response:
        options = {**sent(body or form()), **changes}
        headers = {"Authorization": f"Bearer {token(role)}", **options.pop("headers", {})}
        headers |= {"Idempotency-Key": key} if key else {}
        url = f"{hospital.url}/api/doctors/patients/{patient_id}/attachments"
        return requests.post(url, headers=headers, timeout=60, **options)

    return made


@pytest.fixture
def stored(hospital: Hospital) -> Callable[[], set[str]]:
    """Return `stored()`: the names of all files in the store."""
    return lambda: {path.name for path in Path(hospital.folder / "attachments").glob("*/*")}
