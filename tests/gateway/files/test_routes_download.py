"""Downloads from a whole hospital."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from tests.gateway.files.samples import PNG, form, pdf, png
from tests.hospital import Hospital, eventually
from transports.storage.objects import name_of

Send = Callable[..., requests.Response]
Token = Callable[..., str]


@pytest.fixture
def get(hospital: Hospital, token: Token) -> Callable[..., requests.Response]:
    """Return `get(id, ...)`: a nurse downloads a file."""

    def made(attachment_id: str, *, method: str = "GET", role: str = "nurse", **headers: str) -> requests.Response:
        headers |= {"Authorization": f"Bearer {token(role)}"}
        return requests.request(method, f"{hospital.url}/api/attachments/{attachment_id}", headers=headers, timeout=30)

    return made


def test_download_returns_the_same_bytes_as_an_inert_file(send: Send, get: Send) -> None:
    file = pdf(700_000, content=b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>")
    made = send(form(file, filename="Müller.pdf")).json()
    reply = get(made["id"])
    shown = {name: reply.headers[name] for name in ("Content-Type", "Content-Length", "ETag", "X-Content-Type-Options")}
    assert reply.content == file
    assert shown == {
        "Content-Type": "application/pdf",
        "Content-Length": "700000",
        "ETag": f'"{made["sha256"]}"',
        "X-Content-Type-Options": "nosniff",
    }
    assert reply.headers["Content-Disposition"].startswith("attachment; ")
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "sandbox" in reply.headers["Content-Security-Policy"]


def test_client_with_the_file_gets_304_after_the_right_is_checked(send: Send, get: Send) -> None:
    made = send(form(png(), PNG)).json()
    known = {"If-None-Match": f'"{made["sha256"]}"'}
    assert (get(made["id"], **known).status_code, get(made["id"], **known).content) == (304, b"")
    assert get(made["id"], role="doctor", **known).status_code == 404


def test_head_returns_the_length_without_the_file(send: Send, get: Send) -> None:
    made = send(form(pdf(5000))).json()
    reply = get(made["id"], method="HEAD")
    assert (reply.status_code, reply.headers["Content-Length"], reply.content) == (200, "5000", b"")


@pytest.mark.parametrize("role", ["patient", "doctor", "lab_technician"])
def test_foreign_file_looks_like_an_unknown_id(send: Send, get: Send, role: str) -> None:
    def told(reply: requests.Response) -> dict[str, Any]:
        return {name: value for name, value in reply.json().items() if name != "request_id"}

    foreign, unknown = get(send().json()["id"], role=role), get(str(uuid4()), role=role)
    assert foreign.status_code == 404
    assert told(foreign) == told(unknown)


def test_damaged_file_is_never_delivered_whole(hospital: Hospital, send: Send, get: Send) -> None:
    made = send(form(pdf(600_000))).json()
    path = Path(hospital.folder / "attachments" / name_of(UUID(made["id"])))
    path.write_bytes(path.read_bytes().replace(b"xxxx", b"yyyy"))
    with pytest.raises(requests.RequestException):
        get(made["id"])


def test_lost_file_is_a_503(hospital: Hospital, send: Send, get: Send) -> None:
    made = send().json()
    Path(hospital.folder / "attachments" / name_of(UUID(made["id"]))).unlink()
    reply = get(made["id"])
    assert (reply.status_code, reply.json()["code"]) == (503, "store_down")


def test_archived_file_can_still_be_downloaded(hospital: Hospital, token: Token, send: Send, get: Send) -> None:
    made = send().json()
    url = f"/api/doctors/attachments/{made['id']}/archive"
    reply = hospital.call("POST", url, token=token("nurse"), json={"reason": "Another patient's letter."})
    assert (reply.status_code, reply.json()["status"], reply.headers["ETag"]) == (200, "archived", '"2"')
    assert get(made["id"]).content == pdf()


def test_readiness_notes_whether_the_store_takes_files(hospital: Hospital) -> None:
    def noted() -> bool:
        reply = hospital.call("GET", "/health/ready")
        assert reply.status_code == 200
        return bool(reply.json()["notes"]["gateway.attachments_writable"])

    folder = Path(hospital.folder / "attachments")
    hidden = folder.rename(folder.with_name("elsewhere"))
    folder.write_text("no folder")
    try:
        assert eventually(lambda: not noted())
    finally:
        folder.unlink()
        hidden.rename(folder)
    assert eventually(noted)
