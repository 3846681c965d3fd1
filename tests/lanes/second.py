"""The second try of tests that failed: alone, after all lanes have ended, so that the machine is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lanes.table import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lanes.process import LaneProcess

# More failures than that have a reason, and are no chance of a busy machine.
MOST = 10
# Pytest's codes for success, failed tests, and no tests. After any other code it is not known which tests would fail.
ORDERLY = (0, 1, 5)


def second_try(lanes: Sequence[LaneProcess]) -> Lane | None:
    """Return a lane with the failed tests of these lanes, or None if there are none, or too many, or a lane broke."""
    failed = tuple(test for lane in lanes for test in lane.report.failed)
    is_orderly = all(lane.code in ORDERLY for lane in lanes)
    return Lane("second", failed, waits=True) if is_orderly and 0 < len(failed) <= MOST else None
