"""The critical ladder takes each step once, with three clinical processes, one of which is killed in a step."""

import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from contracts.clinical.critical_alerts import CriticalStep
from contracts.roles import Role
from tests.faults.city import READY_SECONDS, City
from tests.faults.holding import held, wait_for_waiting
from tests.faults.moved_clock import VARIABLE, ClockFile
from tests.hospital import Process, eventually
from tests.people import Person
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.faults, pytest.mark.servers]

ORDERS = 8
VALUES = (("2823-3", 6.8, "mmol/L"), ("2951-2", 165, "mmol/L"), ("17861-6", 14.0, "mg/dL"))
"""Critical potassium, sodium and calcium."""
FIRST, SECOND, LAST = CriticalStep.ORDERING_DOCTOR, CriticalStep.TREATING_DOCTORS, CriticalStep.ADMINS
ADMIN = uuid4()
STEPS = """
    SELECT result_id, s.step FROM critical_alert_step s JOIN critical_alert a ON a.id = alert_id
    WHERE result_id = ANY(:ids)
"""
PLANNED = "SELECT result_id FROM critical_alert WHERE result_id = ANY(:ids) AND next_at IS NOT NULL"
SENT = """
    SELECT subject::uuid, data->>'step' FROM outbox WHERE name = 'critical_escalated' AND subject::uuid = ANY(:ids)
"""
NOTIFIED = """
    SELECT subject_id, person_id FROM notification WHERE kind = 'critical_escalated' AND subject_id = ANY(:ids)
"""


class Server(NamedTuple):
    """A clinical process with a clock of its own."""

    process: Process
    clock: ClockFile


@pytest.fixture
def servers(city: City) -> Iterator[list[Server]]:
    """Three running clinical processes, in place of the usual one."""
    first = city.process("clinical")
    first.end()
    found = [_server(city, first, number, port) for number, port in enumerate(free_ports(3))]
    for server in found:
        server.process.start()
    for server in found:
        eventually(lambda server=server: city.is_ready(server.process), seconds=READY_SECONDS)  # type: ignore[misc]
    yield found
    for server in found:
        server.process.end()


def _server(city: City, first: Process, number: int, port: int) -> Server:
    file = ClockFile(city.hospital.folder / f"clock-{number}")
    file.move(timedelta(0))
    command = [sys.executable, "-m", "tests.faults.moved_clock", "serve", "clinical"]
    environment = {**first.environment, "HEALTH_PORT": str(port), VARIABLE: str(file.path)}
    log = city.hospital.folder / f"clinical-{number}.log"
    return Server(Process(f"clinical-{number}", command, environment, log), file)


@pytest.fixture
def results(city: City, servers: list[Server]) -> Iterator[list[UUID]]:
    """Verified critical results of a patient, whom two doctors treat. The hospital has one admin."""
    city.rows("notify", "INSERT INTO admin (person_id, is_admin, changed_by) VALUES (:id, true, 1)", id=ADMIN)
    desk, born = city.person(Role.RECEPTIONIST), {"birth_date": "1970-01-02", "sex": "female"}
    patient_id = desk.post("/api/staff/register-patient", status=201, family_name="Rao", **born)["id"]
    for doctor in city.doctors[:2]:
        city.admin.post(f"/api/admin/patients/{patient_id}/assignments", status=201, doctor_id=doctor.id)
    technician = city.person(Role.LAB_TECHNICIAN)
    yield [result for _order in range(ORDERS) for result in _verified(city.doctors[0], technician, patient_id)]
    city.rows("notify", "DELETE FROM admin WHERE person_id = :id", id=ADMIN)


def _verified(doctor: Person, technician: Person, patient_id: str) -> list[UUID]:
    """Take an order through the laboratory; return its results."""
    tests = [test for test, _value, _unit in VALUES]
    body = {"patient_id": patient_id, "tests": tests, "priority": "routine", "reason": "Weakness."}
    order = doctor.post("/api/doctors/lab-orders", status=201, **body)
    url, specimen = f"/api/staff/lab-orders/{order['id']}", order["tests"][0]["specimen"]
    technician.post(f"{url}/collect", specimen=specimen)
    technician.post(f"{url}/receive")
    measured = [{"test": test, "value": value, "unit": unit} for test, value, unit in VALUES]
    entered = technician.post("/api/staff/upload-lab-test", status=201, order_id=order["id"], results=measured)
    technician.post(f"{url}/verify", confirmed_deltas=[])
    return [UUID(result["id"]) for result in entered["results"]]


def _count(city: City, service: str, statement: str, results: Sequence[UUID]) -> Counter[Any]:
    """Count the rows of a service about these results."""
    return Counter(tuple(row) for row in city.rows(service, statement, ids=list(results)))


def _taken(city: City, results: Sequence[UUID], *steps: CriticalStep) -> Counter[Any]:
    """Wait until these results took so many steps in all; return the steps."""
    wanted = len(results) * len(steps)
    eventually(lambda: _count(city, "clinical", STEPS, results).total() >= wanted, seconds=READY_SECONDS)
    return _count(city, "clinical", STEPS, results)


def _once(results: Sequence[UUID], *facts: object) -> dict[tuple[UUID, object], int]:
    """Return each fact about each result, once."""
    return {(result, fact): 1 for result in results for fact in facts}


def _kill_in_second_step(city: City, victim: Server) -> None:
    """Let the time of the second step come for one process, and kill the process while it takes the step."""
    with held(city, "clinical", "LOCK TABLE critical_alert_step IN SHARE MODE"):
        victim.clock.move(timedelta(minutes=15))
        wait_for_waiting(city, "clinical", seconds=READY_SECONDS)
        victim.process.end(signal.SIGKILL)


def test_each_step_happens_once_until_the_acknowledgement(
    city: City, servers: list[Server], results: list[UUID]
) -> None:
    assert _count(city, "clinical", STEPS, results) == _once(results, FIRST)
    victim, *others = servers
    _kill_in_second_step(city, victim)
    for server in others:
        server.clock.move(timedelta(minutes=15))
    assert _taken(city, results, FIRST, SECOND) == _once(results, FIRST, SECOND)
    answered, open_ = results[: len(results) // 3], results[len(results) // 3 :]
    for result in answered:
        city.doctors[1].post(f"/api/doctors/lab-results/{result}/acknowledge", how="read_back")
    for server in others:
        server.clock.move(timedelta(minutes=30))
    assert _taken(city, open_, FIRST, SECOND, LAST) == _once(open_, FIRST, SECOND, LAST)
    assert _count(city, "clinical", PLANNED, results) == {}
    assert _count(city, "clinical", STEPS, answered) == _once(answered, FIRST, SECOND)
    assert _count(city, "clinical", SENT, results) == _once(results, SECOND) | _once(open_, LAST)
    doctors = [UUID(doctor.id) for doctor in city.doctors[:2]]
    expected = _once(results, *doctors) | _once(open_, ADMIN)
    eventually(lambda: _count(city, "notify", NOTIFIED, results).total() >= len(expected), seconds=READY_SECONDS)
    assert _count(city, "notify", NOTIFIED, results) == expected
