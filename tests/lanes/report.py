"""The pytest plugin of a lane: it writes each step as a line of JSON into the file that ``--lane-report`` names."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    parser.addoption("--lane-report", type=Path, required=True, help="where the lane's steps are written")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to report."""
    config.pluginmanager.register(Report(config.getoption("lane_report")))


class Report:
    """The hooks, and the file they write to."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")

    def _tell(self, **facts: object) -> None:
        self._file.write(json.dumps(facts) + "\n")
        self._file.flush()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell that a file cannot be read."""
        if report.failed:
            self._tell(failed=report.nodeid, counted_as="error")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell how many tests there are, before the search for their servers, and the seed of their order."""
        self._tell(total=len(session.items), seed=session.config.getoption("randomly_seed", None))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell which test runs now."""
        self._tell(running=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell that a test failed or passed. Pytest counts a failure of a fixture as an error."""
        if report.failed:
            self._tell(failed=report.nodeid, counted_as="failed" if report.when == "call" else "error")
        elif report.passed and report.when == "call":
            self._tell(passed=report.nodeid)

    def pytest_runtest_logfinish(self) -> None:
        """Tell that one more is done."""
        self._tell(done=1)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell what came of all tests, as the summary counts them."""
        counts = {name: len(stats) for name, stats in terminalreporter.stats.items() if name}
        self._tell(counts=counts, running="")

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Tell the processor time of this process and of all below it that have ended, its servers too."""
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self._tell(busy=sum(usage.ru_utime + usage.ru_stime for usage in usages))
        self._file.close()
