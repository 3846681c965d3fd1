"""Failed tests run once more, alone: a test that then passes is unsteady, and does not fail the run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.lane_projects import DIES, FAILS, PASSES, last_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lane_projects import Ran

# The first try leaves a file, and the second one finds it. The ids of its cases have what a shell or pytest reads.
UNSTEADY = """
import pytest
from pathlib import Path

@pytest.mark.parametrize("text", ["a::b[c] $(d)", '-k "e" #', "f'g\\n", ""])
def test_first_fails(text, request):
    trace = Path(f"tried-{request.node.callspec.indices['text']}")
    tried, _ = trace.exists(), trace.touch()
    assert tried, "only the first try"
"""
UNSTEADY_FIXTURE = """
import pytest
from pathlib import Path

@pytest.fixture
def unready():
    yield
    tried, _ = Path("tried").exists(), Path("tried").touch()
    assert tried, "only the first try"

def test_left(unready): pass
"""
SKIPPED = """
import pytest
from pathlib import Path

def test_left():
    if Path("tried").exists():
        pytest.skip("not now")
    Path("tried").touch()
    assert False
"""


def test_tests_that_pass_alone_are_unsteady_and_fail_nothing(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=UNSTEADY, right=PASSES)
    assert code == pytest.ExitCode.OK
    assert len(re.findall(r"^UNSTEADY left/test_left.py::test_first_fails\[", output, re.MULTILINE)) == 4
    assert "AssertionError: only the first try" in output
    assert "4 unsteady, 1 passed in" in last_line(output)


def test_a_test_that_fails_alone_again_fails_the_run(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=UNSTEADY, right=FAILS)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert re.search(r"^FAILED right/test_right.py::test_bad$", output, re.MULTILINE)
    assert "1 failed, 4 unsteady in" in last_line(output)


def test_an_error_of_a_fixture_that_does_not_come_again_is_unsteady(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=UNSTEADY_FIXTURE, right=PASSES)
    assert code == pytest.ExitCode.OK
    assert "1 unsteady, 1 passed in" in last_line(output)


def test_a_test_that_is_skipped_alone_has_failed(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=SKIPPED, right=PASSES)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "UNSTEADY" not in output
    assert "1 failed, 1 passed in" in last_line(output)


def test_no_test_runs_again_when_more_than_ten_failed(ran: Callable[..., Ran]) -> None:
    many = "".join(FAILS.replace("bad", f"bad_{number}") for number in range(11))
    code, output = ran(left=many, right=PASSES)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "once more" not in output
    assert "11 failed, 1 passed in" in last_line(output)


def test_no_test_runs_again_when_a_lane_died(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=DIES, right=FAILS)
    assert code == pytest.ExitCode.INTERNAL_ERROR
    assert "once more" not in output
