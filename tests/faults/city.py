"""A hospital for fault tests, with its servers and its people: patients, doctors and an administrator.

People have tokens signed with the hospital's own key, without sign-in. A patient needs no account to book.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import NullPool, create_engine, text

from chassis.call import Call
from chassis.execution.run import add_events
from chassis.identity import SYSTEM
from chassis.persistence.database import Database
from contracts.roles import Role
from services.auth.accounts import commands as accounts
from services.auth.sessions import keys
from tests.hospital import PROCESSES, Hospital, Process, eventually
from tests.people import Person, open_hours
from tests.servers.processes import free_ports
from tokens import AUDIENCE, ISSUER, sign

CONNECTIONS = 128
"""Open connections to the gateway."""
DOCTORS = 3
SLOT_MINUTES = 5
DAYS_AHEAD = 150
READY_SECONDS = 60.0
"""Limit until everything works again after a fault."""


@dataclass(frozen=True)
class Slot:
    """A slot of a doctor."""

    doctor: Person
    moment: datetime

    @property
    def starts_at(self) -> str:
        """The time as in requests."""
        return self.moment.isoformat()


class City:
    """A running hospital on its own servers, and its people."""

    def __init__(self, hospital: Hospital, database_urls: Mapping[str, str], amqp_url: str = "") -> None:
        self.hospital, self.database_urls, self.amqp_url = hospital, database_urls, amqp_url
        hospital.http.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
        self.key_id, self.key = keys.newest(hospital.folder / "keys" / "private")
        self.admin = self.person(Role.ADMIN)
        self.doctors: list[Person] = []
        self.slots: Iterator[Slot] = iter(())
        self.near_slots: Iterator[Slot] = iter(())

    def open(self) -> None:
        """Create doctors, with working hours and prices."""
        price = {"code": "consultation:cardiology", "name": "Consultation", "amount_minor": 12_000}
        self.admin.post("/api/admin/prices", status=201, **price)
        self.doctors = [self.person(Role.DOCTOR, id=each) for each in self._hire(DOCTORS)]
        self.register()  # Any commit lets auth send the events in its outbox.
        for doctor in self.doctors:
            eventually(lambda doctor=doctor: _is_known(doctor))  # type: ignore[misc]
            open_hours(doctor, slot_minutes=SLOT_MINUTES, opens="00:00", closes="23:59")
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.slots = self._slots_from(today + timedelta(days=2), DAYS_AHEAD)
        self.near_slots = self._near_slots(today)

    def _hire(self, number: int) -> list[UUID]:
        database = Database(self.database_urls["auth"])
        with database.begin(Call(request_id="faults")) as session:
            hired = [
                accounts.create_ready(
                    session,
                    SYSTEM,
                    email=f"{uuid4().hex}@faults.example",
                    password_hash="",
                    name=f"Dr {count}",
                    roles=[Role.DOCTOR],
                    specialization="cardiology",
                ).id
                for count in range(number)
            ]
            add_events(session)
        database.close()
        return hired

    def _near_slots(self, today: datetime) -> Iterator[Slot]:
        """Yield every slot of the next hours once, in which a visit may start."""
        now = datetime.now(UTC)
        first, last = now + timedelta(hours=1), now + timedelta(hours=23)
        return iter([slot for slot in self._slots_from(today, 2) if first < slot.moment < last])

    def _slots_from(self, first: datetime, days: int) -> Iterator[Slot]:
        """Yield every slot of these days once, the doctors in turn."""
        per_day = (23 * 60 + 59) // SLOT_MINUTES
        for day, number in itertools.product(range(days), range(per_day)):
            moment = first + timedelta(days=day, minutes=number * SLOT_MINUTES)
            for doctor in self.doctors:
                yield Slot(doctor, moment)

    def person(self, role: Role, id: UUID | None = None) -> Person:  # noqa: A002  the usual name
        """A person with a token that is valid for a day."""
        person_id, now = id or uuid4(), int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(person_id),
            "sid": str(uuid4()),
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + 86_400,
            "roles": [str(role)],
            "verified": True,
        }
        return Person(self.hospital, "", str(person_id), sign(self.key, self.key_id, claims))

    def register(self, name: str = "Asha Rao") -> requests.Response:
        """Register a patient over HTTP."""
        body = {"email": f"{uuid4().hex}@faults.example", "password": "correct-horse-battery-41", "name": name}
        return self.hospital.call("POST", "/api/auth/register", json=body)

    def rows(self, service: str, statement: str, **values: Any) -> list[Any]:
        """Query the database of a service, over a new connection, which a restart cannot affect."""
        engine = create_engine(self.database_urls[service], poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            result = connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def process(self, name: str) -> Process:
        """A process of the hospital."""
        return self.hospital.processes[name]

    def is_ready(self, process: Process) -> bool:
        """Whether a process is ready."""
        try:
            return requests.get(f"{_health(process)}/health/ready", timeout=2).ok
        except requests.RequestException:
            return False

    def wait_until_ready(self, *names: str) -> None:
        """Wait until these processes, or all, are ready."""
        for name in names or self.hospital.processes:
            eventually(lambda name=name: self.is_ready(self.process(name)), seconds=READY_SECONDS)  # type: ignore[misc]

    def metric(self, name: str, sample: str) -> float:
        """The value of a sample, with its labels, in the metrics of a process."""
        for line in requests.get(f"{_health(self.process(name))}/metrics", timeout=5).text.splitlines():
            if line.startswith(f"{sample} "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def another(self, name: str) -> Process:
        """Start a second process of a service. The caller ends it."""
        first = self.process(name)
        environment = {**first.environment, "HEALTH_PORT": str(free_ports(1)[0])}
        second = Process(f"{name}-2", first.command, environment, self.hospital.folder / f"{name}-2.log")
        second.start()
        eventually(lambda: self.is_ready(second), seconds=READY_SECONDS)
        return second

    def matron(self, *arguments: str) -> str:
        """The output of the `matron` command, with the settings of the services."""
        environment = {**os.environ, **self.process("auth").environment}
        command = [sys.executable, "-m", "matron", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def revive(self) -> None:
        """Start the processes that a test has killed, and wait until all are ready."""
        for name in PROCESSES:
            process = self.process(name)
            if not process.is_running:
                process.start()
        self.wait_until_ready()

    def logs(self) -> list[dict[str, Any]]:
        """All lines of all logs."""
        return [json.loads(line) for line in self.hospital.logs().splitlines()]


def _health(process: Process) -> str:
    return f"http://127.0.0.1:{process.environment['HEALTH_PORT']}"


def _is_known(doctor: Person) -> bool:
    items = doctor.get("/api/doctors", limit=100)["items"]
    return any(each["id"] == doctor.id for each in items)
