"""The pytest side of the servers: fixtures, a search that starts before the first test, and a report of failures.

``rabbitmq`` and ``postgresql`` are shared by the whole run; ``amqp_url`` and ``database_url`` give each test a virtual
host and a database of its own there. ``private_rabbitmq`` and ``private_postgresql`` may be stopped, killed and frozen:
after each test they are brought back. A test that uses any of them gets the marker ``servers`` by itself.

``REQUIRE_SERVERS=1`` turns every skip of such a test into a failure of the run.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import finding, programs
from tests.servers.processes import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tests.servers.finding import Search
    from tests.servers.postgresql import PostgreSQL
    from tests.servers.rabbitmq import RabbitMQ

SHARED_RABBITMQ = frozenset({"rabbitmq", "amqp_url"})
SHARED_POSTGRESQL = frozenset({"postgresql", "database_url"})
PRIVATE = frozenset({"private_rabbitmq", "private_postgresql"})
ALL = SHARED_RABBITMQ | SHARED_POSTGRESQL | PRIVATE

Searches = dict[str, "Search[Any]"]
SEARCHES = pytest.StashKey[Searches]()
SKIPPED = pytest.StashKey[list[str]]()


def servers_are_required() -> bool:
    """Whether a missing server is a failure, as ``REQUIRE_SERVERS`` says."""
    return os.environ.get("REQUIRE_SERVERS", "") not in {"", "0"}


# --- hooks ----------------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the records of the hooks below, and show the output of long installations."""
    config.stash[SEARCHES] = {}
    config.stash[SKIPPED] = []
    programs.announce = _announcer(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a server, before ``-m`` chooses among them."""
    for item in items:
        if ALL.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("servers")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Launch the servers that the chosen tests need, so that they start while other tests run.

    Images are pulled and packages installed here too, where no test's time limit counts.
    """
    if session.config.option.collectonly:
        return
    wanted = _wanted(session.items)
    if wanted & SHARED_RABBITMQ:
        _search(session.config, "RabbitMQ", finding.search_rabbitmq).begin()
    if wanted & SHARED_POSTGRESQL:
        _search(session.config, "PostgreSQL", finding.search_postgresql).begin()
    if wanted & PRIVATE and not wanted & (SHARED_RABBITMQ | SHARED_POSTGRESQL):
        _search(session.config, "private RabbitMQ", finding.search_private_rabbitmq).begin()
        _search(session.config, "private PostgreSQL", finding.search_private_postgresql).begin()


def _wanted(items: list[pytest.Item]) -> set[str]:
    """Return the fixtures of ours that these tests name.

    A test that is marked ``servers`` and names none asks for its database while it runs, as tests/databases.py does.
    """
    wanted: set[str] = set()
    for item in items:
        named = ALL.intersection(getattr(item, "fixturenames", ()))
        wanted |= named or ({"postgresql"} if item.get_closest_marker("servers") else set())
    return wanted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record each skipped test with the marker ``servers``."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("servers"):
        item.config.stash[SKIPPED].append(item.nodeid)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the run if servers are required and a test was skipped."""
    if servers_are_required() and session.config.stash[SKIPPED] and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, after the summary has named them."""
    for search in config.stash.get(SEARCHES, {}).values():
        search.discard()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the used servers, and the unavailable ones with their reasons."""
    for name, search in config.stash[SEARCHES].items():
        if search.way:
            terminalreporter.write_line(f"{name}: {search.way}")
    if skipped := config.stash[SKIPPED]:
        _write_banner(terminalreporter, config, skipped)


def _write_banner(reporter: pytest.TerminalReporter, config: pytest.Config, skipped: list[str]) -> None:
    reporter.section("TESTS ON REAL SERVERS WERE SKIPPED", sep="!", red=True, bold=True)
    reporter.write_line(f"{len(skipped)} tests did not run, {skipped[0]} the first of them.")
    for name, search in config.stash[SEARCHES].items():
        if search.reasons and not search.way:
            reporter.write_line(f"{name} could not be had:")
            for reason in search.reasons:
                reporter.write_line(f"  - {reason}")
    if servers_are_required():
        reporter.write_line("REQUIRE_SERVERS is set, so this run has failed.", red=True)
    else:
        reporter.write_line("Give TEST_AMQP_URL and TEST_DATABASE_URL, start Docker, or install both servers.")


def _announcer(config: pytest.Config) -> Callable[[str], None]:
    def announce(message: str) -> None:
        capture = config.pluginmanager.getplugin("capturemanager")
        reporter = config.pluginmanager.getplugin("terminalreporter")
        if reporter is None:
            return
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(message)

    return announce


# --- fixtures -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def rabbitmq(pytestconfig: pytest.Config) -> RabbitMQ:
    """The broker that all tests share."""
    broker: RabbitMQ = _finish(_search(pytestconfig, "RabbitMQ", finding.search_rabbitmq))
    return broker


@pytest.fixture(scope="session")
def postgresql(pytestconfig: pytest.Config) -> PostgreSQL:
    """The database server that all tests share."""
    server: PostgreSQL = _finish(_search(pytestconfig, "PostgreSQL", finding.search_postgresql))
    return server


@pytest.fixture
def amqp_url(rabbitmq: RabbitMQ) -> Iterator[str]:
    """The address of a virtual host for this test only."""
    url = rabbitmq.vhost()
    yield url
    rabbitmq.drop(url)


@pytest.fixture
def database_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The address of an empty database for this test only."""
    url = postgresql.create_database()
    yield url
    postgresql.drop(url)


@pytest.fixture(scope="session")
def _private_rabbitmq(pytestconfig: pytest.Config) -> RabbitMQ:
    broker: RabbitMQ = _finish(_search(pytestconfig, "private RabbitMQ", finding.search_private_rabbitmq))
    return broker


@pytest.fixture(scope="session")
def _private_postgresql(pytestconfig: pytest.Config) -> PostgreSQL:
    server: PostgreSQL = _finish(_search(pytestconfig, "private PostgreSQL", finding.search_private_postgresql))
    return server


@pytest.fixture
def private_rabbitmq(_private_rabbitmq: RabbitMQ) -> Iterator[RabbitMQ]:
    """A broker to stop, kill and freeze. It serves when a test begins; take a ``vhost()`` of your own."""
    _private_rabbitmq.heal()
    yield _private_rabbitmq
    _private_rabbitmq.thaw()


@pytest.fixture
def private_postgresql(_private_postgresql: PostgreSQL) -> Iterator[PostgreSQL]:
    """A database server to stop, kill and freeze. It serves when a test begins, and keeps what it commits."""
    _private_postgresql.heal()
    yield _private_postgresql
    _private_postgresql.thaw()


def _search(config: pytest.Config, name: str, make: Callable[[], Search[Any]]) -> Search[Any]:
    """Return the one search of this run for that server."""
    searches = config.stash[SEARCHES]
    if name not in searches:
        searches[name] = make()
    return searches[name]


def _finish(search: Search[Any]) -> Any:
    try:
        return search.finish()
    except Unavailable as error:
        reason = f"no {search.name}: {error}"
    if servers_are_required():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
