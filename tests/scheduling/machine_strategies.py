"""Strategies of the state machine. Each has few values, so that visits often conflict."""

from hypothesis import strategies as st

from tests.scheduling.state_machine_base import HOURS, PATIENTS, REQUEST_KINDS

numbers = st.integers(0, 11)
doctors, patients = st.integers(0, len(HOURS) - 1), st.integers(0, PATIENTS - 1)
times = st.tuples(
    st.sampled_from([*[1] * 8, *[2] * 4, 0, 3, 7, -1, 181]),
    st.sampled_from([*[0] * 3, *[90] * 3, 30, 45, 60, 20, 300]),
)
"""Days from today, and minutes after doctors open."""
minutes = st.sampled_from([*[None] * 5, 15, 40])
"""The length of an overbooked visit in minutes, or None."""
kinds = st.sampled_from([*[REQUEST_KINDS[0]] * 7, *REQUEST_KINDS[1:]])
repeats = st.sampled_from([*[1] * 9, 6])
displaces = st.sampled_from([False, True])
authors = st.sampled_from(["patient", "doctor", "desk"])
named_doctors = st.sampled_from([*[None] * 4, *range(len(HOURS))])
"""The index of a named doctor, or None."""
punctual = st.sampled_from([*[True] * 5, False])
