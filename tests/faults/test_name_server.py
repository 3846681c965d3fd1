"""No name server answers: each process continues, and reaches known hosts again."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest
import requests

from contracts.roles import Role
from tests.faults.city import City
from tests.faults.resolving import NameServer
from tests.hospital import Hospital, Process, eventually, served_environment
from tests.people import Person
from tests.servers import PostgreSQL, RabbitMQ
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.faults, pytest.mark.servers]

NAMES = ("auth", "scheduling", "gateway")
SECONDS = 1.0
"""Limit for a process to answer its live check, and to refuse a request."""
SILENT_SECONDS = 12.0
"""The system's resolver gives up after ten."""
VISITS = "/api/patient/appointments"


@pytest.fixture
def name_server(tmp_path: Path) -> Iterator[NameServer]:
    server = NameServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def hospital(
    name_server: NameServer, private_rabbitmq: RabbitMQ, private_postgresql: PostgreSQL, tmp_path: Path
) -> Iterator[Hospital]:
    """Auth, scheduling and a gateway, not started, which know their servers by name."""
    amqp_url = private_rabbitmq.vhost()
    urls = {name: private_postgresql.create_database("names") for name in NAMES[:2]}
    port, *health_ports = free_ports(1 + len(NAMES))
    environment = served_environment(tmp_path, amqp_url, urls, {})
    for step in (["keys"], ["migrate", "auth"], ["migrate", "scheduling"]):
        command = [sys.executable, "-m", "matron", *step]
        subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    environment |= {
        "AMQP_URL": name_server.named(amqp_url, "broker"),
        **{f"{name.upper()}_DATABASE_URL": name_server.named(url, "db") for name, url in urls.items()},
        "HTTP_PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    processes = [
        Process(
            name,
            name_server.seen_by([sys.executable, "-m", "matron", "serve", name]),
            {**environment, "HEALTH_PORT": str(health)},
            tmp_path / f"{name}.log",
        )
        for name, health in zip(NAMES, health_ports, strict=True)
    ]
    hospital = Hospital(tmp_path, port, processes, [f"http://127.0.0.1:{health}" for health in health_ports])
    yield hospital
    hospital.stop()


class Pulse:
    """Sends live checks to each process repeatedly, and records the time of each answer."""

    def __init__(self, hospital: Hospital) -> None:
        self.took: list[float] = []
        self.threads = [eventlet.spawn(self._watch, url) for url in hospital.ready_urls]

    def _watch(self, url: str) -> None:
        while True:
            began = time.monotonic()
            try:
                requests.get(f"{url}/health/live", timeout=30).raise_for_status()
            except requests.ConnectionError:
                began = time.monotonic()  # The process does not listen yet.
            self.took.append(time.monotonic() - began)
            eventlet.sleep(0.1)

    def end(self) -> float:
        """Stop. Return the seconds of the slowest answer."""
        for thread in self.threads:
            thread.kill()
        return max(self.took)


def test_silent_name_server_stops_no_process_when_the_database_dies(
    hospital: Hospital, name_server: NameServer, private_postgresql: PostgreSQL, private_rabbitmq: RabbitMQ
) -> None:
    hospital.start()
    patient = City(hospital, {}).person(Role.PATIENT)
    patient.get(VISITS)
    name_server.silent, pulse = True, Pulse(hospital)
    private_postgresql.kill()
    for status, seconds in _asked(patient, SILENT_SECONDS):
        assert (status, seconds < SECONDS) == (503, True), (status, seconds)
    assert _missing(hospital, "scheduling") == ["scheduling.database"]
    assert '"state":"down"' not in hospital.logs()
    private_postgresql.start()
    eventually(lambda: _status(patient) == 200)
    _cut_off(private_rabbitmq, hospital)
    hospital.wait_until_ready()
    assert (_status(patient), name_server.silent) == (200, True)
    assert pulse.end() < SECONDS


def test_process_started_without_a_name_server_works_when_one_answers(
    hospital: Hospital, name_server: NameServer
) -> None:
    name_server.silent, pulse = True, Pulse(hospital)
    for process in hospital.processes.values():
        process.start()
    eventually(lambda: len(_missing(hospital, "gateway")) > 0)
    eventlet.sleep(3)
    name_server.silent = False
    hospital.wait_until_ready()
    assert pulse.end() < SECONDS


def test_unknown_outside_hosts_stall_no_process(
    name_server: NameServer,
) -> None:
    name_server.silent = True
    script = Path(__file__).with_name("stalling.py")
    command = name_server.seen_by([sys.executable, str(script)])
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    slowest, *ends = ran.stdout.split()
    assert ends == ["amqp", "mail", "payment", "postgresql", "redis"]
    assert float(slowest) < SECONDS


def _asked(patient: Person, seconds: float) -> Iterator[tuple[int, float]]:
    """Send requests for this time. Return the status and the seconds of each answer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        status = _status(patient)
        yield status, time.monotonic() - began
        eventlet.sleep(0.2)


def _status(patient: Person) -> int:
    return patient.hospital.call("GET", VISITS, token=patient.token).status_code


def _missing(hospital: Hospital, name: str) -> list[str]:
    """The failing conditions of a process."""
    port = hospital.processes[name].environment["HEALTH_PORT"]
    try:
        reply = requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=5)
    except requests.ConnectionError:
        return []
    missing: list[str] = reply.json().get("failing", [])
    return missing


def _cut_off(broker: RabbitMQ, hospital: Hospital) -> None:
    """Close all connections of the hospital to its broker."""
    vhost = hospital.processes["gateway"].environment["AMQP_URL"].rpartition("/")[2]
    for connection in eventually(lambda: broker.manage("GET", f"vhosts/{vhost}/connections")):
        broker.manage("DELETE", f"connections/{requests.utils.quote(connection['name'], safe='')}")
    eventually(lambda: '"state":"down"' in hospital.logs())
