"""Conflicts that the state machine rarely finds by chance: doctors who are patients, and overbooked times."""

from collections import Counter

import pytest

from chassis import clock
from chassis.persistence.database import Database
from tests.scheduling.service_client import DONE, ManualClock
from tests.scheduling.state_machine import AppointmentMachine
from tests.scheduling.state_machine_base import REQUEST_KINDS, START

BOOKED: list[tuple[int, int, int, int | None]] = [
    (0, 3, 1, None),
    (1, 0, 1, None),  # The doctor is a patient at that time.
    (1, 1, 2, None),
    (0, 3, 2, None),  # The patient treats a patient at that time.
    (0, 1, 3, 15),
    (0, 2, 3, None),  # The time is overbooked.
    (0, 2, 3, 15),
    (1, 3, 4, None),  # A doctor cannot be the own patient.
]
"""Doctor, patient, days from today, and minutes of an overbooked visit. The last patient is the second doctor."""


@pytest.fixture
def state(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> AppointmentMachine:
    """The state machine before its first step."""
    manual_clock = ManualClock(START)
    monkeypatch.setattr(clock, "now", manual_clock.now)
    machine: AppointmentMachine = type(
        "Machine", (AppointmentMachine,), {"database": fresh_database, "clock": manual_clock, "outcomes": Counter()}
    )()
    machine.add_people()
    return machine


def test_model_refuses_a_booking_when_a_person_is_busy(state: AppointmentMachine) -> None:
    for doctor, patient, days, minutes in BOOKED:
        state.desk_or_doctor_books_visit(
            doctor=doctor, patient=patient, when=(days, 0), minutes=minutes, kind=REQUEST_KINDS[0]
        )
        state.database_matches_model()
    found = {outcome: count for (_contract, outcome), count in state.outcomes.items()}
    assert found == {DONE: 4, "slot_taken": 2, "patient_busy": 1, "own_visit": 1}
