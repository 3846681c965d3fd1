"""Reports of the laboratory: a form, or JSON without a file."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import requests

from tests.gateway.files.samples import END, PDF, part, pdf, sent
from tests.hospital import Hospital

URL = "/api/staff/upload-lab-test"
Post = Callable[..., requests.Response]


@pytest.fixture
def post(hospital: Hospital, token: Callable[..., str]) -> Post:
    """Return `post(...)`: a technician uploads results."""

    def made(*, key: str = "", **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token('lab_technician')}", **options.pop("headers", {})}
        headers |= {"Idempotency-Key": key} if key else {}
        return requests.post(hospital.url + URL, headers=headers, timeout=30, **options)

    return made


def results(patient_id: str, **changes: Any) -> dict[str, Any]:
    """Return results of an outside laboratory."""
    outside = {"patient_id": patient_id, "laboratory": "Labor Nord", "collected_at": "2026-11-20T08:00:00Z"}
    return {**outside, "results": [{"test": "2823-3", "value": 4.1, "unit": "mmol/L"}], **changes}


def report(data: bytes) -> bytes:
    """Return a form with a report."""
    return part("data", data, kind="application/json") + part("report", pdf(), kind=PDF, filename="lab.pdf") + END


def test_results_with_a_report_name_the_stored_file(
    post: Post, patient_id: str, stored: Callable[[], set[str]]
) -> None:
    reply = post(**sent(report(orjson.dumps(results(patient_id)))))
    assert reply.status_code == 201, reply.text
    assert reply.json()["results"][0]["report_id"] in stored()


def test_repeated_form_keeps_one_file(post: Post, patient_id: str, stored: Callable[[], set[str]]) -> None:
    body = report(orjson.dumps(results(patient_id)))
    first, after_first = post(key="report-1", **sent(body)), stored()
    assert post(key="report-1", **sent(body)).json() == first.json()
    assert stored() == after_first


def test_results_without_a_report_are_plain_json(post: Post, patient_id: str) -> None:
    reply = post(json=results(patient_id))
    assert (reply.status_code, reply.json()["results"][0]["report_id"]) == (201, None), reply.text


@pytest.mark.parametrize("way", ["json", "form"])
def test_client_cannot_write_the_facts_of_a_file(post: Post, patient_id: str, way: str) -> None:
    forged = results(patient_id, report={"id": patient_id})
    reply = post(json=forged) if way == "json" else post(**sent(report(orjson.dumps(forged))))
    assert (reply.status_code, reply.json()["errors"]) == (422, {"report": ["Unknown field."]})


REFUSED = {
    "no data": (part("report", pdf(), kind=PDF, filename="a.pdf") + END, 422),
    "two data": (part("data", b"{}") + report(b"{}"), 422),
    "data is no json": (report(b"{"), 400),
    "data is a list": (report(b"[]"), 422),
    "member twice": (report(b'{"comment":"a","comment":"b"}'), 400),
    "wrong fields": (report(b"{}"), 422),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_form_leaves_no_file(post: Post, stored: Callable[[], set[str]], case: str) -> None:
    body, status = REFUSED[case]
    before = stored()
    assert post(**sent(body)).status_code == status
    assert stored() == before
