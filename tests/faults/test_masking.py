"""A patient's name in an unexpected exception reaches no caller and no log."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from contracts.roles import Role
from tests.faults.city import City
from tests.faults.stream import BOOKING
from tests.hospital import eventually

pytestmark = [pytest.mark.faults, pytest.mark.servers]

NAME = "Zebediah Quagmire"
FAILED = 'matron_events_failed_total{fate="again",handler="clinical.on_user_registered",service="clinical"}'


@contextmanager
def _changed(city: City, service: str, table: str, change: str, back: str) -> Iterator[None]:
    city.rows(service, f"ALTER TABLE {table} {change}")
    try:
        yield
    finally:
        city.rows(service, f"ALTER TABLE {table} {back}")


def _refusing(column: str) -> tuple[str, str]:
    """A constraint that refuses rows with the name. PostgreSQL's error then contains the whole row."""
    return f"ADD CONSTRAINT unforeseen CHECK ({column} NOT LIKE '%Quagmire%') NOT VALID", "DROP CONSTRAINT unforeseen"


CHANGES = {
    "a-constraint": _refusing("reason"),
    "a-missing-column": ("RENAME COLUMN reason TO mislaid", "RENAME COLUMN mislaid TO reason"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_name_in_a_failed_command_is_masked(city: City, change: tuple[str, str]) -> None:
    slot, patient = next(city.slots), city.person(Role.PATIENT)
    body = {"doctor_id": slot.doctor.id, "starts_at": slot.starts_at, "reason": f"{NAME} has a cough"}
    with _changed(city, "scheduling", "appointment", *change):
        reply = patient.try_post(BOOKING, **body)
    assert (reply.status_code, reply.json()["code"]) == (500, "internal")
    assert "Quagmire" not in reply.text
    _check_logs(city, reply.json()["request_id"])
    assert patient.try_post(BOOKING, **body).status_code == 201


def test_name_in_a_failed_registration_is_masked(city: City) -> None:
    with _changed(city, "auth", "account", *_refusing("name")):
        reply = city.register(NAME)
    assert (reply.status_code, reply.json()["code"]) == (500, "internal")
    assert "Quagmire" not in reply.text
    _check_logs(city, reply.json()["request_id"])


def test_name_in_a_failed_event_is_masked(city: City) -> None:
    failed = partial(city.metric, "clinical", FAILED)
    before = failed()
    with _changed(city, "clinical", "patient", *_refusing("name")):
        assert city.register(NAME).status_code == 201
        eventually(lambda: failed() > before)
    _check_logs(city)
    known = partial(city.rows, "clinical", "SELECT id FROM patient WHERE name = :name", name=NAME)
    eventually(known)


def _check_logs(city: City, request_id: str = "") -> None:
    """Assert that no log contains the name, and that one contains the failure, with its request id."""
    assert "Quagmire" not in city.hospital.logs()
    unexpected = [line for line in city.logs() if line["event"] == "unexpected"]
    assert [line for line in unexpected if request_id in (line["request_id"], "")]
