"""The service does what the reference model does, whatever doctors and technicians request in any order."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chassis.execution import waits
from chassis.persistence.database import Database
from tests.clinical.labs.client import DONE
from tests.clinical.labs.state_machine import LabMachine

LONG_RUN = bool(os.environ.get("HYPOTHESIS_LONG"))
EXAMPLES = {True: 500, False: 200} if LONG_RUN else {True: 12, False: 6}
"""The number of examples on SQLite, and on PostgreSQL."""
ALL = {
    "CancelLabOrder",
    "CollectSpecimen",
    "CorrectLabResult",
    "OrderLabTests",
    "ReceiveSpecimen",
    "RejectSpecimen",
    "UploadLabTest",
    "VerifyLabOrder",
}


@pytest.fixture(params=["one person", pytest.param("two persons")])
def machine(fresh: Database, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> type[LabMachine]:
    """Return the machine on an own database. Requests about foreign orders do not wait for news."""
    monkeypatch.setattr(waits, "SECONDS", 0.0)
    two_persons = request.param == "two persons"
    if two_persons:
        request.getfixturevalue("two_persons")
    facts = {"database": fresh, "two_persons": two_persons, "outcomes": Counter()}
    return type("Machine", (LabMachine,), facts)


@pytest.mark.timeout(3600 if LONG_RUN else 300)
def test_service_does_what_the_model_does(machine: type[LabMachine]) -> None:
    examples = EXAMPLES[machine.database.is_sqlite]
    options = settings(
        max_examples=examples,
        stateful_step_count=60 if LONG_RUN else 20,
        derandomize=not LONG_RUN,
        phases=[Phase.generate, Phase.shrink] if LONG_RUN else [Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=options)
    assert len({contract for contract, outcome in machine.outcomes if outcome == DONE} & ALL) > len(ALL) / 2


def test_machine_does_and_checks_each_command(machine: type[LabMachine]) -> None:
    state = machine()
    state.add_people()
    for step in _steps(state):
        step()
        state.service_shows_the_model()
    assert {contract for contract, outcome in machine.outcomes if outcome == DONE} == ALL
    assert {outcome for _, outcome in machine.outcomes} >= {"unconfirmed_deltas", "which_specimen", "stale"}


def _steps(state: LabMachine) -> Iterator[Callable[[], Any]]:
    """Steps that send each command at least once."""
    first: dict[str, Any] = {"number": 0, "tag": "right"}
    second: dict[str, Any] = {"number": 1, "tag": "right"}
    yield lambda: state.technician_collects(**first, specimen="serum")
    yield lambda: state.technician_collects(**first, specimen="whole blood")
    yield lambda: state.technician_receives(**first, named=-1)
    yield lambda: state.technician_rejects(**first, named=0)
    yield lambda: state.order_progresses(number=0, value=3.5, steps=6, by=0)
    yield lambda: state.technician_corrects(number=0, which=0, value=4.1, by=1, tag="wrong")
    yield lambda: state.technician_corrects(number=0, which=0, value=4.1, by=1, tag="right")
    yield lambda: state.technician_collects(**second, specimen="serum")
    yield lambda: state.technician_receives(**second, named=0)
    yield lambda: state.technician_enters_results(**second, some=["2823-3"], value=6.9, by=0)
    yield lambda: state.technician_verifies(**second, by=0, confirms=False)
    yield lambda: state.technician_verifies(**second, by=1, confirms=False)
    yield lambda: state.technician_verifies(**second, by=1, confirms=True)
    yield lambda: state.doctor_cancels(**second, in_care=True)
    yield lambda: state.technician_rejects(**second, named=-1)
