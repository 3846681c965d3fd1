"""What the state machine draws by chance: few of each, so that they meet."""

from hypothesis import strategies as st

from tests.scheduling.machine import HOURS, HOW, PATIENTS

numbers = st.integers(0, 11)
doctors, patients = st.integers(0, len(HOURS) - 1), st.integers(0, PATIENTS - 1)
times = st.tuples(
    st.sampled_from([*[1] * 8, *[2] * 4, 0, 3, 7, -1, 181]),
    st.sampled_from([*[0] * 3, *[90] * 3, 30, 45, 60, 20, 300]),
)
"""Days from now, and minutes from when doctors begin: few, so that they meet."""
minutes = st.sampled_from([*[None] * 5, 15, 40])
"""Of an overbooked visit."""
ways = st.sampled_from([*[HOW[0]] * 7, *HOW[1:]])
often = st.sampled_from([*[1] * 9, 6])
displacing = st.sampled_from([False, True])
movers = st.sampled_from(["patient", "doctor", "desk"])
perhaps = st.sampled_from([*[None] * 4, *range(len(HOURS))])
"""A doctor who is named, or nobody."""
punctual = st.sampled_from([*[True] * 5, False])
