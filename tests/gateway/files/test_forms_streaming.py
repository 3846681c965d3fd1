"""Large and slow uploads, in a hospital of their own."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

import tokens
from services.auth.sessions import keys
from tests.gateway.files.samples import BOUNDARY, form, pdf, sent
from tests.hospital import Hospital, embedded_hospital
from tests.people import PASSWORD
from tests.tokens import Mint

MIB = 1024 * 1024
MOST_MIB = 40
Post = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Start a hospital that waits a second for a request."""
    with embedded_hospital(tmp_path_factory.mktemp("impatient"), REQUEST_SECONDS="1") as running:
        yield running


@pytest.fixture(scope="module")
def signed(impatient: Hospital, stranger: Mint) -> Callable[..., str]:
    """Return `signed(role)`: a token of the impatient hospital."""
    key_id, key = keys.newest(impatient.folder / "keys" / "private")
    body = {"email": "asha@gateway.example", "password": PASSWORD, "name": "Asha Rao"}
    person = impatient.call("POST", "/api/auth/register", json=body).json()["id"]
    return lambda *roles: tokens.sign(key, key_id, stranger.claims(*roles, person=person))


@pytest.fixture(scope="module")
def url(impatient: Hospital, signed: Callable[..., str]) -> str:
    """Return the URL of the attachments of a patient."""
    facts = {"given_name": "Asha", "family_name": "Rao", "birth_date": "1990-04-07", "sex": "female"}
    reply = impatient.call("POST", "/api/staff/register-patient", token=signed("receptionist"), json=facts)
    return f"{impatient.url}/api/doctors/patients/{reply.json()['id']}/attachments"


def memory(hospital: Hospital, name: str) -> float:
    """Return a figure of the process's memory in MiB: `VmRSS` is the present one, `VmHWM` the peak."""
    status = Path(f"/proc/{hospital.processes['matron'].pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def test_largest_file_needs_little_memory_in_both_directions(
    impatient: Hospital, signed: Callable[..., str], url: str
) -> None:
    file, headers = pdf(20 * MIB), {"Authorization": f"Bearer {signed('nurse')}"}
    options = sent(form(file))
    small = requests.post(url, data=form(), headers={**headers, **options["headers"]}, timeout=30)
    requests.get(f"{impatient.url}/api/attachments/{small.json()['id']}", headers=headers, timeout=30)
    Path(f"/proc/{impatient.processes['matron'].pid}/clear_refs").write_text("5")
    before = memory(impatient, "VmRSS")
    made = requests.post(url, data=options["data"], headers={**headers, **options["headers"]}, timeout=120)
    assert made.status_code == 201, made.text
    reply = requests.get(f"{impatient.url}/api/attachments/{made.json()['id']}", headers=headers, timeout=120)
    assert reply.content == file
    assert memory(impatient, "VmHWM") - before < MOST_MIB


def test_slow_but_steady_upload_outlasts_the_time_of_a_request(
    impatient: Hospital, signed: Callable[..., str], url: str
) -> None:
    reply = trickled(impatient, signed("nurse"), url, form(pdf(192 * 1024)), pause=0.4)
    assert reply.startswith(b"HTTP/1.1 201 ")


def test_upload_that_stalls_is_ended(impatient: Hospital, signed: Callable[..., str], url: str) -> None:
    began = time.monotonic()
    reply = trickled(impatient, signed("nurse"), url, form(pdf(192 * 1024)), pause=30, seconds=20)
    assert reply.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 15


def trickled(hospital: Hospital, token: str, url: str, body: bytes, *, pause: float, seconds: float = 30) -> bytes:
    """Send 64 KiB, wait for the pause or a reply, and so on; return the beginning of the reply."""
    head = [
        f"POST {urlsplit(url).path} HTTP/1.1",
        "Host: hospital",
        f"Authorization: Bearer {token}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(body)}",
    ]
    address = urlsplit(hospital.url)
    with socket.create_connection((address.hostname, address.port), timeout=seconds) as client:
        client.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
        for first in range(0, len(body), 64 * 1024):
            client.sendall(body[first : first + 64 * 1024])
            client.settimeout(pause)
            try:
                return client.recv(65536)
            except TimeoutError:
                client.settimeout(seconds)
        return client.recv(65536)
