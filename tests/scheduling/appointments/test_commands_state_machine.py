"""The service does what the reference model does, whatever callers request in any order.

After each step the database has no overlaps and no visits in times off, and each change has one history row and event.
A refused request changes nothing. `HYPOTHESIS_LONG=1` runs more and other examples.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from chassis import clock
from chassis.persistence.database import Database
from tests.scheduling.service_client import DONE, ManualClock
from tests.scheduling.state_machine import AppointmentMachine
from tests.scheduling.state_machine_base import (
    LONG_RUN,
    REQUEST_KINDS,
    START,
    machine_settings,
)

ALL = {
    "AcceptAppointment",
    "BookAppointment",
    "CancelAppointment",
    "ChangeAppointment",
    "CompleteVisit",
    "EndTimeOff",
    "MarkArrived",
    "MarkNoShow",
    "RejectAppointment",
    "RescheduleAppointment",
    "StartVisit",
    "TakeTimeOff",
    "UndoCompletion",
}


@pytest.fixture
def machine(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> type[AppointmentMachine]:
    """The state machine on an own database, with a clock that only the machine sets."""
    manual_clock = ManualClock(START)
    monkeypatch.setattr(clock, "now", manual_clock.now)
    return type(
        "Machine", (AppointmentMachine,), {"database": fresh_database, "clock": manual_clock, "outcomes": Counter()}
    )


@pytest.mark.timeout(3600 if LONG_RUN else 300)
def test_service_does_what_the_model_does(machine: type[AppointmentMachine]) -> None:
    run_state_machine_as_test(machine, settings=machine_settings(machine.database))
    print(machine.outcomes)
    assert len({contract for contract, outcome in machine.outcomes if outcome == DONE} & ALL) > len(ALL) / 2


def test_machine_does_and_checks_each_command(machine: type[AppointmentMachine]) -> None:
    state = machine()
    state.add_people()
    for step in _steps(state):
        step()
        state.database_matches_model()
    assert {contract for contract, outcome in machine.outcomes if outcome == DONE} == ALL


def _steps(state: AppointmentMachine) -> Iterator[Callable[[], Any]]:
    """Steps that send each command at least once. The service accepts each of them."""
    plain: dict[str, Any] = {"kind": REQUEST_KINDS[0]}
    first: dict[str, Any] = {"doctor": 0, "patient": 0, "when": (1, 0), "minutes": None}
    yield lambda: state.patient_requests_visits(**first, **plain, days=2)
    yield lambda: state.change_is_tried(number=0, move="accept", **plain)
    yield lambda: state.change_is_tried(number=1, move="reject", **plain)
    yield lambda: state.visit_is_rescheduled(number=0, by="patient", when=(2, 0), minutes=None, doctor=None, **plain)
    yield lambda: state.admin_changes_visit(number=0, doctor=1, when=(1, 45), **plain)
    yield lambda: state.visit_progresses(number=0, steps=3, in_time=True)
    yield lambda: state.change_is_tried(number=0, move="undo_completion", **plain)
    yield lambda: state.visit_progresses(number=0, steps=2, in_time=False)
    yield lambda: state.desk_or_doctor_books_visit(**first | {"when": (1, 30)}, **plain)
    yield lambda: state.doctor_takes_time_off(doctor=0, when=(1, 0), length=1440, displace=True)
    yield lambda: state.doctor_ends_time_off(time_off_id=next(iter(state.model.times_off)))
    yield lambda: state.change_is_tried(number=0, move="cancel", **plain)
    yield lambda: state.desk_or_doctor_books_visit(**first, **plain)
    yield lambda: state.visit_ends_early(number=0, late=True, **plain)
