"""Timers act once on each appointment, with any number of scheduling processes."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from chassis.persistence.database import Database
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.directory import Doctor
from tests.faults.city import READY_SECONDS, City
from tests.hospital import Process, eventually
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.faults, pytest.mark.servers]

EACH = 20
"""The number of due appointments of each kind."""
TIMERS = 4
ENDS = {"requested": "expired", "displaced": "expired", "booked": "no_show", "stranded": "displaced"}
EVENTS = {
    "requested": "appointment_expired",
    "displaced": "appointment_expired",
    "booked": "appointment_missed",
    "stranded": "appointment_displaced",
}
GONE = uuid4()
"""An inactive doctor, whose appointments of today are stranded."""

STATES = "SELECT status, count(*) FROM appointment WHERE id = ANY(:ids) GROUP BY 1"
HISTORY = "SELECT appointment_id, revision, status FROM appointment_change WHERE appointment_id = ANY(:ids)"
SAID = "SELECT subject, name, (data->>'revision')::int FROM outbox WHERE subject = ANY(:texts) AND NOT internal"
TOLD = "SELECT subject_id, kind FROM notification WHERE subject_id = ANY(:ids) AND person_id = ANY(:people)"


@pytest.fixture
def due(city: City) -> Iterator[list[Appointment]]:
    """Due appointments, written while no scheduling process runs, and deleted for later tests."""
    city.process("scheduling").end()
    doctor_id = UUID(city.doctors[0].id)
    visits = [_visit(doctor_id, status, number) for status in ENDS if status != "stranded" for number in range(EACH)]
    database = Database(city.database_urls["scheduling"])
    with database.begin() as session:
        left_at = datetime.now(UTC) - timedelta(minutes=1)
        session.add(Doctor(id=GONE, name="", specialization="", is_active=False, left_at=left_at, changed_by=1))
        session.flush()
        visits += [_stranded(number) for number in range(EACH)]
        session.add_all(visits)
    database.close()
    yield visits
    ids = [visit.id for visit in visits]
    city.rows("scheduling", "DELETE FROM appointment_change WHERE appointment_id = ANY(:ids)", ids=ids)
    city.rows("scheduling", "DELETE FROM appointment WHERE id = ANY(:ids)", ids=ids)
    city.rows("scheduling", "DELETE FROM doctor WHERE id = ANY(:ids)", ids=[GONE])


def _visit(doctor_id: UUID, status: str, number: int) -> Appointment:
    """A request of three days ago, an appointment of two days ago, or one displaced 15 days ago."""
    now, minutes = datetime.now(UTC), timedelta(minutes=10 * number)
    starts_at = now + minutes + (timedelta(days=170) if status == "requested" else timedelta(days=-3))
    return Appointment(
        id=uuid4(),
        doctor_id=doctor_id,
        patient_id=uuid4(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=10),
        status=status,
        created_at=now - timedelta(days=20),
        requested_at=now - timedelta(days=3) if status == "requested" else None,
        displaced_at=now - timedelta(days=15) if status == "displaced" else None,
    )


def _stranded(number: int) -> Appointment:
    """An appointment of the next hours with an inactive doctor."""
    visit = _visit(GONE, "booked", number)
    visit.starts_at, visit.ends_at = (one + timedelta(days=3, hours=1) for one in (visit.starts_at, visit.ends_at))
    return visit


def _kind(visit: Appointment) -> str:
    """The kind of a due appointment."""
    return "stranded" if visit.doctor_id == GONE else visit.status


@pytest.fixture
def processes(city: City) -> Iterator[list[Process]]:
    """Three scheduling processes, not started."""
    first = city.process("scheduling")
    others = [_beside(city, first, number, port) for number, port in zip((2, 3), free_ports(2), strict=True)]
    yield [first, *others]
    for process in others:
        process.end()


def _beside(city: City, first: Process, number: int, port: int) -> Process:
    environment = {**first.environment, "HEALTH_PORT": str(port)}
    return Process(
        f"scheduling-{number}", first.command, environment, city.hospital.folder / f"scheduling-{number}.log"
    )


def start(city: City, processes: Sequence[Process]) -> None:
    """Start all at once, and wait until each timer of each process has run once."""
    for process in processes:
        process.start()
    for process in processes:
        eventually(lambda process=process: city.is_ready(process), seconds=READY_SECONDS)  # type: ignore[misc]
        eventually(lambda process=process: len(timers_of(process)) == TIMERS, seconds=READY_SECONDS)  # type: ignore[misc]


def timers_of(process: Process) -> list[str]:
    """The timers of appointments that have run in this process."""
    port = process.environment["HEALTH_PORT"]
    metrics = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    return re.findall(
        r'_count\{kind="timer",name="services\.scheduling\.appointments\.timers\.(\w+)",outcome="done"', metrics
    )


def rows(city: City, service: str, statement: str, due: Sequence[Appointment]) -> list[Any]:
    """The rows of a service about these appointments."""
    ids = [visit.id for visit in due]
    values = {"ids": ids, "texts": [str(one) for one in ids], "people": [visit.patient_id for visit in due]}
    return city.rows(service, statement, **{name: each for name, each in values.items() if f":{name}" in statement})


def test_timers_of_three_processes_act_once(city: City, due: list[Appointment], processes: list[Process]) -> None:
    start(city, processes)
    ended = {"expired": 2 * EACH, "no_show": EACH, "displaced": EACH}
    eventually(lambda: dict(map(tuple, rows(city, "scheduling", STATES, due))) == ended, seconds=READY_SECONDS)
    eventually(lambda: len(rows(city, "notify", TOLD, due)) >= len(due), seconds=READY_SECONDS)
    assert_done_once(city, due)
    for process in processes:
        process.end()
    start(city, processes)
    assert_done_once(city, due)


def assert_done_once(city: City, due: Sequence[Appointment]) -> None:
    """Assert one history row, one event and one notification for each."""
    written = Counter(tuple(row) for row in rows(city, "scheduling", HISTORY, due))
    assert written == {(visit.id, 2, ENDS[_kind(visit)]): 1 for visit in due}
    said = Counter(tuple(row) for row in rows(city, "scheduling", SAID, due))
    assert said == {(str(visit.id), EVENTS[_kind(visit)], 2): 1 for visit in due}
    told = Counter(tuple(row) for row in rows(city, "notify", TOLD, due))
    assert told == {(visit.id, EVENTS[_kind(visit)]): 1 for visit in due}
