"""Lanes together are one test run: each test once, one summary, pytest's exit codes, and nothing left behind."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lane_projects import CRASHES, DIES, FAILS, PASSES, PLAIN, last_line, lay_out
from tests.lanes.table import LANES, NAMED, Lane
from tests.servers import janitor
from tests.servers.fixtures import SHARED_RABBITMQ
from tests.servers.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lane_projects import Ran

ROOT = Path(__file__).parents[1]


def test_each_test_file_belongs_to_exactly_one_lane() -> None:
    folder = ROOT / "tests"
    for path in [path for lane in NAMED for path in lane.paths]:
        assert (ROOT / path).exists(), f"{path} is gone: name its new place in tests/lanes/table.py"
    for file in folder.rglob("test_*.py"):
        lanes = [lane.name for lane in LANES if takes(lane, file.relative_to(ROOT))]
        assert len(lanes) == 1, f"{file} runs in {lanes or 'no lane'}"


def test_shared_broker_is_used_in_one_lane() -> None:
    files = [
        file for file in (ROOT / "tests").rglob("*.py") if "tests/servers/" not in str(file) and shares_broker(file)
    ]
    assert len(files) > 8
    lanes = {lane.name for lane in LANES for file in files if takes(lane, file.relative_to(ROOT))}
    assert lanes == {"broker"}, "a broker that was given by its address may have one virtual host only"


def shares_broker(file: Path) -> bool:
    """Whether a test or fixture in this file asks for the shared RabbitMQ."""
    nodes = ast.walk(ast.parse(file.read_text()))
    askers = [node for node in nodes if isinstance(node, ast.FunctionDef) and is_asker(node)]
    return any(
        SHARED_RABBITMQ.intersection(argument.arg for argument in node.args.args)
        or "getfixturevalue('rabbitmq')" in ast.unparse(node)
        for node in askers
    )


def is_asker(node: ast.FunctionDef) -> bool:
    return node.name.startswith("test_") or any("fixture" in ast.unparse(each) for each in node.decorator_list)


def takes(lane: Lane, file: Path) -> bool:
    """Whether pytest finds this file with the lane's arguments."""
    below = {str(path) for path in (file, *file.parents)}
    return bool(below.intersection(lane.paths)) and not below.intersection(lane.without)


def test_outcomes_of_all_lanes_are_summed_in_the_last_line(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=PASSES + "def test_more(): pass\n", right=PASSES)
    assert code == pytest.ExitCode.OK
    assert re.fullmatch(r"=+ 3 passed in [\d.]+s =+", last_line(output))


def test_times_of_each_lane_are_listed(ran: Callable[..., Ran]) -> None:
    _code, output = ran(left=PASSES, right=PASSES)
    assert re.search(r"^left +1 +\d+ +\d+$", output, re.MULTILINE)
    assert re.search(r"^rest +1 +\d+ +\d+$", output, re.MULTILINE)


def test_a_failure_is_shown_with_its_traceback_and_the_command_to_repeat_it(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=PASSES, right=PASSES + FAILS)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "AssertionError: assert 'this' == 'that'" in output
    assert re.search(r'^again: make test ARGS="--randomly-seed=\d+ \. --ignore=left"$', output, re.MULTILINE)
    assert re.fullmatch(r"=+ 1 failed, 2 passed in [\d.]+s =+", last_line(output))


def test_an_error_in_a_fixture_is_a_failure(ran: Callable[..., Ran]) -> None:
    broken = "import pytest\n@pytest.fixture\ndef broken(): raise OSError\ndef test_it(broken): pass\n"
    code, output = ran(left=PASSES, right=broken)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "1 passed, 1 error in" in last_line(output)


def test_a_file_that_cannot_be_read_fails_the_run(ran: Callable[..., Ran]) -> None:
    code, output = ran(left=PASSES, right="import nothing_of_this_name\n")
    assert code == pytest.ExitCode.INTERRUPTED
    assert "FAILED right/test_right.py" in output
    assert "1 passed, 1 error in" in last_line(output)


@pytest.mark.parametrize(("source", "how"), [(DIES, "exit code 0"), (CRASHES, "SIGSEGV")])
def test_a_lane_that_dies_fails_the_run_and_names_its_last_test(ran: Callable[..., Ran], source: str, how: str) -> None:
    code, output = ran(left=source, right=PASSES)
    assert code == pytest.ExitCode.INTERNAL_ERROR
    assert f"ERROR lane left died ({how}) in left/test_left.py::test_last" in output
    assert "1 passed, 1 error in" in last_line(output)


def test_a_wrong_option_is_a_usage_error(ran: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    code, output = ran(left=PASSES, right=PASSES)
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments: --no-such-option" in output


def test_no_tests_are_found_only_when_no_lane_has_any(ran: Callable[..., Ran]) -> None:
    code, output = ran(left="", right="")
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "no tests ran in" in last_line(output)


def test_a_lane_without_tests_fails_nothing(ran: Callable[..., Ran]) -> None:
    code, output = ran(left="", right=PASSES)
    assert code == pytest.ExitCode.OK
    assert "1 passed in" in last_line(output)


SLEEPS = (
    "import os, time\ndef test_long():\n    print(os.getpid(), file=open('pid', 'w'), flush=True)\n    time.sleep(99)\n"
)
PROGRAM = """
import signal, sys
from pathlib import Path
from tests.lanes.runner import run
from tests.lanes.table import Lane
signal.signal(signal.SIGINT, signal.default_int_handler)
lanes = (Lane("left", ("left",)), Lane("rest", (".",), without=("left",)))
sys.exit(run(lanes, Path.cwd()))
"""


def started(folder: Path) -> subprocess.Popen[str]:
    """Start lanes of which one sleeps, and return when it does."""
    lay_out(folder, left=SLEEPS, right=PASSES)
    run = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={**os.environ, **PLAIN},
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: sleeper(folder) > 0, seconds=60, what="the start of the lanes")
    return run


def sleeper(folder: Path) -> int:
    path = folder / "pid"
    return int(path.read_text() or 0) if path.exists() else 0


def test_an_interrupt_ends_all_lanes_and_still_sums_up(tmp_path: Path) -> None:
    with started(tmp_path) as run:
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=60)
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in output
    assert " in " in last_line(output)
    assert not janitor.birth(sleeper(tmp_path))


def test_lanes_end_when_their_runner_is_killed(tmp_path: Path) -> None:
    with started(tmp_path) as run:
        run.kill()
    wait_until(lambda: not janitor.birth(sleeper(tmp_path)), seconds=15, what="the end of its lanes")


@pytest.mark.parametrize(
    ("arguments", "code", "last"),
    [
        ([], pytest.ExitCode.TESTS_FAILED, "1 failed, 2 passed in"),
        (["-x", "-p", "no:randomly", "--tb=no"], pytest.ExitCode.TESTS_FAILED, "1 failed in"),
        (["left", "-k", "good or no_such"], pytest.ExitCode.OK, "1 passed, 1 deselected in"),
        (["--co", "-q", "right"], pytest.ExitCode.OK, "1 test collected in"),
        (["-k", "no_such"], pytest.ExitCode.NO_TESTS_COLLECTED, "3 deselected in"),
        (["--no-such-option"], pytest.ExitCode.USAGE_ERROR, ""),
    ],
)
def test_arguments_choose_as_they_do_for_pytest(tmp_path: Path, arguments: list[str], code: int, last: str) -> None:
    lay_out(tmp_path, left=FAILS + PASSES, right=PASSES)
    command = [sys.executable, "-m", "tests.lanes", *(arguments or ["."])]
    env = {**os.environ, **PLAIN}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert last in last_line(done.stdout)
