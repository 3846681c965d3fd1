"""What a process tells of itself, and what it never tells."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from chassis import observe
from chassis.observe import Health, log_unexpected, metrics_page
from matron.health import health_app

PRIVATE = "Asha Rao has measles"


@pytest.fixture
def log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A log as a process writes it; afterwards everything is as it was."""
    saved = structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in observe._QUIET}
    path = tmp_path / "process.log"
    structlog.reset_defaults()
    observe.set_up_logging("INFO", to_file=path)
    monkeypatch.setattr(observe, "log", structlog.get_logger())  # A logger keeps the file of its first line.
    yield path
    structlog.get_config()["logger_factory"]._file.close()
    structlog.configure(**saved)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def fail() -> None:
    """An exception whose text nobody may see."""
    raise RuntimeError(PRIVATE)


def test_an_unexpected_exception_is_logged_by_its_class_and_places(log_file: Path) -> None:
    try:
        fail()
    except RuntimeError as error:
        log_unexpected("unexpected", error, request_id="request-1")
    [line] = lines(log_file)
    assert (line["error"], line["level"], line["request_id"]) == ("RuntimeError", "error", "request-1")
    assert line["places"][-1].endswith(" fail")


def test_the_text_of_an_exception_is_in_no_log(log_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    try:
        fail()
    except RuntimeError as error:
        log_unexpected("unexpected", error, request_id="r")
        logging.getLogger("nameko.containers").exception("error handling worker: %s", error)  # noqa: TRY401
        logging.getLogger("sqlalchemy.pool").exception("rollback failed")
    assert "measles" not in log_file.read_text() + "".join(capfd.readouterr())


def test_the_metrics_are_prometheus_text() -> None:
    observe.EVENTS_SENT.labels("ward").inc()
    body, kind = metrics_page()
    assert b'matron_events_sent_total{service="ward"}' in body
    assert kind.startswith("text/plain")


def ask(health: Health, path: str) -> tuple[str, bytes]:
    """Status and body of a page of the health port."""
    told: list[str] = []
    environ = {"PATH_INFO": path, "wsgi.input": io.BytesIO()}
    body = health_app(health)(environ, lambda status, _headers: told.append(status))
    return told[0], b"".join(body)


def test_a_process_is_ready_when_all_its_conditions_hold() -> None:
    health, up = Health(), [False]
    health.add("ward.broker", lambda: up[0])
    health.add("ward.database", lambda: True)
    assert ask(health, "/health/ready") == ("503 Service Unavailable", b'{"failing":["ward.broker"]}')
    up[0] = True
    assert ask(health, "/health/ready") == ("200 OK", b'{"failing":[]}')


def test_a_process_that_stops_is_not_ready_but_alive() -> None:
    health = Health()
    health.stopping = True
    assert ask(health, "/health/ready")[0] == "503 Service Unavailable"
    assert ask(health, "/health/live")[0] == "200 OK"


def test_the_health_port_has_nothing_else() -> None:
    assert ask(Health(), "/api/doctors")[0] == "404 Not Found"
