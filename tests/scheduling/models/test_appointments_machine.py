"""What the state machine meets too seldom by chance, it is shown: people in two parts, and overbooked times."""

from collections import Counter

import pytest

from chassis import clock
from chassis.persistence.database import Database
from tests.scheduling.appointments.test_commands_state_machine import Visits
from tests.scheduling.asking import DONE, Clock
from tests.scheduling.machine import BEGIN, HOW

BOOKED: list[tuple[int, int, int, int | None]] = [
    (0, 3, 1, None),
    (1, 0, 1, None),  # The doctor is a patient then.
    (1, 1, 2, None),
    (0, 3, 2, None),  # The patient sees somebody as a doctor then.
    (0, 1, 3, 15),
    (0, 2, 3, None),  # The time is overbooked.
    (0, 2, 3, 15),
    (1, 3, 4, None),  # Nobody is their own patient.
]
"""Doctor, patient, in how many days, and how long an overbooked visit takes. The last patient is the second doctor."""


@pytest.fixture
def state(fresh: Database, monkeypatch: pytest.MonkeyPatch) -> Visits:
    """The state machine, before its first step."""
    watch = Clock(BEGIN)
    monkeypatch.setattr(clock, "now", watch.now)
    made: Visits = type("Machine", (Visits,), {"database": fresh, "clock": watch, "outcomes": Counter()})()
    made.people_come()
    return made


def test_the_model_knows_whose_time_is_taken(state: Visits) -> None:
    for doctor, patient, days, minutes in BOOKED:
        state.it_is_booked(doctor=doctor, patient=patient, when=(days, 0), minutes=minutes, how=HOW[0])
        state.the_database_has_what_the_model_has()
    found = {outcome: count for (_contract, outcome), count in state.outcomes.items()}
    assert found == {DONE: 4, "slot_taken": 2, "patient_busy": 1, "own_visit": 1}
