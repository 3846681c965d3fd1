"""The critical ladder takes each step once, with three clinical processes, one of which is killed."""

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.persistence.database import Database
from contracts.clinical.critical_alerts import CriticalAlertStatus, CriticalStep
from services.clinical.models.critical_alerts import CriticalAlert
from tests.faults.city import READY_SECONDS, City
from tests.hospital import Process, eventually
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.faults, pytest.mark.servers]

ALERTS = 60
ADMIN = uuid4()
STEPS = "SELECT alert_id, step FROM critical_alert_step WHERE alert_id = ANY(:ids)"
SENT = "SELECT subject, data->>'step' FROM outbox WHERE name = 'critical_escalated' AND subject = ANY(:texts)"
NOTIFIED = "SELECT subject_id, person_id FROM notification WHERE subject_id = ANY(:results)"
BOTH = (CriticalStep.TREATING_DOCTORS, CriticalStep.ADMINS)


@pytest.fixture
def alerts(city: City) -> Iterator[list[CriticalAlert]]:
    """Alerts of 40 minutes ago, written while no clinical process runs, and deleted for later tests."""
    city.process("clinical").end()
    insert = "INSERT INTO admin (person_id, is_admin, changed_by) VALUES (:id, true, 1)"
    city.rows("notify", insert, id=ADMIN)
    raised = [_alert(UUID(city.doctors[0].id)) for _ in range(ALERTS)]
    database = Database(city.database_urls["clinical"], pool_size=1)
    with database.begin() as session:
        session.add_all(raised)
    database.close()
    yield raised
    city.rows("notify", "DELETE FROM admin WHERE person_id = :id", id=ADMIN)
    city.rows("clinical", "UPDATE critical_alert SET next_at = NULL")


def _alert(doctor_id: UUID) -> CriticalAlert:
    raised_at = datetime.now(UTC) - timedelta(minutes=40)
    ids = {name: uuid4() for name in ("id", "result_id", "order_id", "patient_id")}
    value = {"test": "2823-3", "name": "Potassium", "value": Decimal("6.8"), "unit": "mmol/L", "flag": "critical_high"}
    times = {"raised_at": raised_at, "next_at": raised_at + timedelta(minutes=15)}
    state = {"status": CriticalAlertStatus.OPEN, "step": CriticalStep.ORDERING_DOCTOR}
    return CriticalAlert(**ids, **value, **times, **state, result_version=2, doctor_id=doctor_id)


@pytest.fixture
def processes(city: City) -> Iterator[list[Process]]:
    """Three clinical processes, not started."""
    first = city.process("clinical")
    others = [_beside(city, first, number, port) for number, port in zip((2, 3), free_ports(2), strict=True)]
    yield [first, *others]
    for process in others:
        process.end()


def _beside(city: City, first: Process, number: int, port: int) -> Process:
    environment = {**first.environment, "HEALTH_PORT": str(port)}
    return Process(f"clinical-{number}", first.command, environment, city.hospital.folder / f"clinical-{number}.log")


def _rows(city: City, service: str, statement: str, alerts: Sequence[CriticalAlert]) -> Counter[Any]:
    """Count the rows of a service about these alerts."""
    results = [alert.result_id for alert in alerts]
    values = {"ids": [alert.id for alert in alerts], "results": results, "texts": [str(one) for one in results]}
    needed = {name: value for name, value in values.items() if f":{name}" in statement}
    return Counter(tuple(row) for row in city.rows(service, statement, **needed))


def test_each_step_happens_once_when_one_of_three_processes_is_killed(
    city: City, alerts: list[CriticalAlert], processes: list[Process]
) -> None:
    for process in processes:
        process.start()
    eventually(lambda: _rows(city, "clinical", STEPS, alerts), seconds=READY_SECONDS)
    processes[0].end(signal.SIGKILL)
    eventually(lambda: len(_rows(city, "clinical", STEPS, alerts)) >= 2 * ALERTS, seconds=READY_SECONDS)
    eventually(lambda: len(_rows(city, "notify", NOTIFIED, alerts)) >= 2 * ALERTS, seconds=READY_SECONDS)
    assert _rows(city, "clinical", STEPS, alerts) == {(alert.id, step): 1 for alert in alerts for step in BOTH}
    assert _rows(city, "clinical", SENT, alerts) == {(str(one.result_id), step): 1 for one in alerts for step in BOTH}
    people = (UUID(city.doctors[0].id), ADMIN)
    assert _rows(city, "notify", NOTIFIED, alerts) == {(one.result_id, who): 1 for one in alerts for who in people}
