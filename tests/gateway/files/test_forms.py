"""Uploads to a whole hospital: what is accepted, and that a refused upload leaves nothing behind."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from urllib.parse import urlsplit

import pytest
import requests

from tests.gateway.files.samples import BOUNDARY, END, JPEG, PDF, PNG, form, part, pdf, png, sent
from tests.hospital import Hospital, eventually

MIB = 1024 * 1024
Send = Callable[..., requests.Response]
Stored = Callable[[], set[str]]


def test_upload_stores_the_file_with_its_facts(send: Send, stored: Stored) -> None:
    file = pdf(300_000)
    reply = send(form(file, filename="letter.pdf", title="Discharge letter"))
    made = reply.json()
    assert reply.status_code == 201, reply.text
    shown = {name: made[name] for name in ("title", "name", "media_type", "size", "sha256", "status", "version")}
    assert shown == {
        "title": "Discharge letter",
        "name": "letter.pdf",
        "media_type": PDF,
        "size": 300_000,
        "sha256": sha256(file).hexdigest(),
        "status": "active",
        "version": 1,
    }
    assert made["id"] in stored()


@pytest.mark.parametrize("name", ["../../../tmp/evil.pdf", "..\\..\\evil.pdf", "/etc/evil.pdf"])
def test_path_in_the_name_never_reaches_the_store(send: Send, stored: Stored, name: str) -> None:
    made = send(form(filename=name)).json()
    assert made["name"] == "evil.pdf"
    assert made["id"] in stored()


MISSING, TWICE, UNKNOWN = "Missing data for required field.", "Given twice.", "Unknown field."
TITLE = part("title", b"Letter")
FILE = part("file", pdf(), kind=PDF, filename="a.pdf")
REFUSED = {
    "png that is html": (form(b"<html>", PNG), 422, "file_not_as_declared"),
    "pdf declared as jpeg": (form(pdf(), JPEG), 422, "file_not_as_declared"),
    "html": (form(b"<html>", "text/html"), 415, "unsupported_file"),
    "no type": (TITLE + part("file", pdf(), filename="a.pdf") + END, 415, "unsupported_file"),
    "bomb": (form(png(30_000, 30_000, packed=b"x" * 99), PNG), 422, "file_too_expansive"),
    "oversize": (form(pdf(20 * MIB + 1)), 413, "file_too_large"),
    "far oversize": (form(pdf(24 * MIB)), 413, "file_too_large"),
    "no file": (TITLE + END, 422, "invalid"),
    "two files": (TITLE + FILE + FILE + END, 422, "invalid"),
    "two titles": (TITLE + FILE + TITLE + END, 422, "invalid"),
    "unknown part": (TITLE + FILE + part("sha256", b"0" * 64) + END, 422, "invalid"),
    "the field of the path": (TITLE + FILE + part("patient_id", b"0") + END, 422, "invalid"),
    "no title": (FILE + END, 422, "invalid"),
    "blank title": (form(title=" "), 422, "invalid"),
    "title in latin-1": (part("title", b"M\xfcller") + FILE + END, 422, "invalid"),
    "nul in the title": (form(title="a\0b"), 422, "invalid"),
    "huge title": (form(title="x" * 100_000), 413, "body_too_large"),
    "no end": (TITLE + FILE, 400, "bad_form"),
    "another boundary": (form().replace(BOUNDARY.encode(), b"another"), 400, "bad_form"),
    "nul in the name": (form(filename="a\0.pdf"), 400, "bad_form"),
    "line break in the name": (form(filename="a\rb.pdf"), 400, "bad_form"),
    "base64": (
        TITLE + part("file", pdf(), kind=PDF, more="Content-Transfer-Encoding: base64\r\n") + END,
        400,
        "bad_form",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_upload_leaves_nothing_behind(send: Send, stored: Stored, case: str) -> None:
    body, status, code = REFUSED[case]
    before = stored()
    reply = send(body)
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert stored() == before


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (TITLE + END, {"file": [MISSING]}),
        (TITLE + FILE + FILE + END, {"file": [TWICE]}),
        (TITLE + TITLE + FILE + END, {"title": [TWICE]}),
        (FILE + END, {"title": [MISSING]}),
        (TITLE + FILE + part("patient_id", b"0") + END, {"patient_id": [UNKNOWN]}),
    ],
)
def test_refusal_names_the_wrong_part(send: Send, body: bytes, errors: dict[str, list[str]]) -> None:
    assert send(body).json()["errors"] == errors


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/mixed; boundary=x",
        "multipart/form-data",
        f"multipart/form-data; boundary={'x' * 71}",
    ],
)
def test_body_that_is_no_form_is_refused(send: Send, kind: str) -> None:
    reply = send(form(), headers={"Content-Type": kind})
    assert (reply.status_code, reply.json()["code"]) == (415, "not_a_form")


def test_chunked_upload_is_accepted(send: Send, stored: Stored) -> None:
    body = form(pdf(200_000))
    reply = send(data=(body[first : first + 5000] for first in range(0, len(body), 5000)))
    assert reply.status_code == 201, reply.text
    assert reply.json()["id"] in stored()


def test_endless_chunked_upload_is_cut_off(send: Send, stored: Stored) -> None:
    def endless() -> Iterator[bytes]:
        yield TITLE + part("file", b"%PDF-1.7\n", kind=PDF)[:-2]
        while True:
            yield b"x" * MIB

    before = stored()
    with suppress(requests.ConnectionError):  # The gateway may close it while the client is still sending.
        assert send(data=endless()).status_code == 413
    assert eventually(lambda: stored() == before)


@pytest.mark.parametrize("cut", [40, 300, 100_000])
def test_upload_that_breaks_off_leaves_nothing_behind(
    hospital: Hospital, token: Callable[..., str], patient_id: str, stored: Stored, cut: int
) -> None:
    before, body = stored(), form(pdf(200_000))
    head = [
        f"POST /api/doctors/patients/{patient_id}/attachments HTTP/1.1",
        "Host: hospital",
        f"Authorization: Bearer {token('nurse')}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(body)}",
    ]
    address = urlsplit(hospital.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body[:cut])
        client.shutdown(socket.SHUT_WR)
        reply = client.recv(65536)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert eventually(lambda: stored() == before)


def test_caller_without_right_is_refused_before_the_body(
    hospital: Hospital, token: Callable[..., str], patient_id: str
) -> None:
    head = [
        f"POST /api/doctors/patients/{patient_id}/attachments HTTP/1.1",
        "Host: hospital",
        f"Authorization: Bearer {token('receptionist')}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "Content-Length: 20000000",
        "Expect: 100-continue",
    ]
    address = urlsplit(hospital.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 403 ")


def test_foreign_patient_is_hidden_and_the_file_deleted(send: Send, stored: Stored) -> None:
    before = stored()
    reply = send(role="doctor")
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert stored() == before


def test_repeated_upload_gets_the_stored_reply_and_one_file(send: Send, stored: Stored) -> None:
    first = send(key="scan-1")
    after_first = stored()
    second = send(key="scan-1")
    assert (second.status_code, second.json()) == (201, first.json())
    assert stored() == after_first


@pytest.mark.parametrize("changed", [form(pdf(500)), form(title="Other")])
def test_key_with_another_file_or_field_is_refused(send: Send, stored: Stored, changed: bytes) -> None:
    key = f"scan-{len(changed)}"
    send(key=key)
    before = stored()
    reply = send(changed, key=key)
    assert (reply.status_code, reply.json()["code"]) == (422, "key_reused")
    assert stored() == before


def test_query_of_an_upload_is_refused(hospital: Hospital, token: Callable[..., str], patient_id: str) -> None:
    options = sent(form())
    headers = {"Authorization": f"Bearer {token('nurse')}", **options["headers"]}
    url = f"{hospital.url}/api/doctors/patients/{patient_id}/attachments?title=Letter"
    reply = requests.post(url, data=options["data"], headers=headers, timeout=30)
    assert (reply.status_code, reply.json()["errors"]) == (422, {"title": [UNKNOWN]})
