"""Papers over HTTP: their URLs, their headers, and their formats."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from contracts.roles import Role
from tests.hospital import Hospital

Token = Callable[..., str]
STATEMENT = "/api/patient/statement"
PERIOD = {"from": "2026-11-01", "to": "2026-11-30"}


@pytest.mark.parametrize("ending", ["", ".pdf"])
def test_unknown_invoice_is_not_found(hospital: Hospital, token: Token, ending: str) -> None:
    reply = hospital.call("GET", f"/api/patient/invoices/{uuid4()}{ending}", token=token(Role.PATIENT))
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_doctor_prints_no_invoice(hospital: Hospital, token: Token) -> None:
    reply = hospital.call("GET", f"/api/staff/invoices/{uuid4()}.pdf", token=token(Role.DOCTOR))
    assert (reply.status_code, reply.json()["code"]) == (403, "role_missing")


def test_statement_is_json_by_default(hospital: Hospital, token: Token) -> None:
    reply = hospital.call("GET", STATEMENT, token=token(Role.PATIENT), params=PERIOD)
    assert reply.json() == {**PERIOD, "balances": [], "entries": []}


@pytest.mark.parametrize(("ending", "media_type"), [("pdf", "application/pdf"), ("csv", "text/csv; charset=utf-8")])
def test_statement_file_is_saved_and_not_cached(hospital: Hospital, token: Token, ending: str, media_type: str) -> None:
    reply = hospital.call("GET", STATEMENT, token=token(Role.PATIENT), params={**PERIOD, "format": ending})
    name = f"statement-2026-11-01-2026-11-30.{ending}"
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, media_type)
    assert reply.headers["Content-Disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "wrong", [{"format": "doc"}, {"from": "yesterday"}, {"to": "2026-10-31"}, {"to": "9999-12-31"}, {"patient_id": "x"}]
)
def test_statement_with_wrong_fields_is_refused(hospital: Hospital, token: Token, wrong: dict[str, str]) -> None:
    reply = hospital.call("GET", STATEMENT, token=token(Role.PATIENT), params={**PERIOD, **wrong})
    assert (reply.status_code, list(reply.json()["errors"])) == (422, list(wrong))
