"""Logs, metrics and readiness, and the data that they never contain."""

import io
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eventlet
import pytest
import structlog

from matron.health import health_app
from telemetry import health as health_of
from telemetry import logs, metrics, sampling
from telemetry.health import Health
from telemetry.logs import log_unexpected
from tests.broker.place import soon

PRIVATE = "Asha Rao has measles"


@pytest.fixture
def log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A log as a process writes it. The old configuration is restored at the end."""
    saved = structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in logs._QUIET}
    path = tmp_path / "process.log"
    structlog.reset_defaults()
    logs.set_up_logging("INFO", to_file=path)
    for module in (logs, health_of):
        monkeypatch.setattr(module, "log", structlog.get_logger())  # A logger keeps the file of its first line.
    yield path
    structlog.get_config()["logger_factory"]._file.close()
    structlog.configure(**saved)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def fail() -> None:
    """Raise an exception with a private text."""
    raise RuntimeError(PRIVATE)


def test_unexpected_exception_is_logged_by_class_and_places(log_file: Path) -> None:
    try:
        fail()
    except RuntimeError as error:
        log_unexpected("unexpected", error, request_id="request-1")
    [line] = lines(log_file)
    assert (line["error"], line["level"], line["request_id"]) == ("RuntimeError", "error", "request-1")
    assert line["places"][-1].endswith(" fail")


def test_exception_text_is_in_no_log(log_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    try:
        fail()
    except RuntimeError as error:
        log_unexpected("unexpected", error, request_id="r")
        logging.getLogger("nameko.containers").exception("error handling worker: %s", error)  # noqa: TRY401
        logging.getLogger("sqlalchemy.pool").exception("rollback failed")
    assert "measles" not in log_file.read_text() + "".join(capfd.readouterr())


def test_metrics_are_prometheus_text() -> None:
    metrics.EVENTS_SENT.labels("ward").inc()
    body, kind = metrics.metrics_page()
    assert b'matron_events_sent_total{service="ward"}' in body
    assert kind.startswith("text/plain")


def ask(health: Health, path: str) -> tuple[str, bytes]:
    """Request a page of the health port. Return status and body."""
    logged: list[str] = []
    environ = {"PATH_INFO": path, "wsgi.input": io.BytesIO()}
    body = health_app(health)(environ, lambda status, _headers: logged.append(status))
    return logged[0], b"".join(body)


def test_process_is_ready_when_all_conditions_hold() -> None:
    health, up = Health(), [False]
    health.add("ward.broker", lambda: up[0])
    health.add("ward.database", lambda: True)
    assert ask(health, "/health/ready") == ("503 Service Unavailable", b'{"failing":["ward.broker"],"notes":{}}')
    up[0] = True
    assert ask(health, "/health/ready") == ("200 OK", b'{"failing":[],"notes":{}}')


def test_notes_leave_the_process_ready() -> None:
    health = Health()
    health.notes["ward.data"] = lambda: {"reviewed_by": None}
    assert ask(health, "/health/ready") == (
        "200 OK",
        b'{"failing":[],"notes":{"ward.data":{"reviewed_by":null}}}',
    )


def test_process_is_not_ready_while_a_list_names_a_condition() -> None:
    health, unread = Health(), ["ward.queue.notes"]
    health.add_list(lambda: unread)
    assert ask(health, "/health/ready") == ("503 Service Unavailable", b'{"failing":["ward.queue.notes"],"notes":{}}')
    unread.clear()
    assert ask(health, "/health/ready") == ("200 OK", b'{"failing":[],"notes":{}}')


def test_stopping_process_is_alive_but_not_ready() -> None:
    health = Health()
    health.stopping = True
    assert ask(health, "/health/ready")[0] == "503 Service Unavailable"
    assert ask(health, "/health/live")[0] == "200 OK"


def test_health_port_has_no_other_pages() -> None:
    assert ask(Health(), "/api/doctors")[0] == "404 Not Found"


def test_readiness_does_not_wait_for_a_hanging_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_of, "LIMIT_SECONDS", 0.1)
    monkeypatch.setattr(health_of, "PACE_SECONDS", 0.01)
    health, looks = Health(), list[float]()

    def hang() -> bool:
        looks.append(0.0)
        if len(looks) > 1:
            eventlet.sleep(60.0)
        return True

    end = health.add_slow("ward.database", hang)
    soon(lambda: not health.failing())
    soon(lambda: health.failing() == ["ward.database"])
    began = time.monotonic()
    assert ask(health, "/health/ready")[0] == "503 Service Unavailable"
    assert time.monotonic() - began < 0.1
    end()


def test_failed_check_means_not_ready_and_is_repeated(monkeypatch: pytest.MonkeyPatch, log_file: Path) -> None:
    monkeypatch.setattr(health_of, "PACE_SECONDS", 0.01)
    health, looks = Health(), iter([True, RuntimeError("Asha Rao"), True])

    def look() -> bool:
        found = next(looks, True)
        if isinstance(found, Exception):
            raise found
        return found

    end = health.add_slow("ward.database", look)
    assert soon(lambda: [line for line in lines(log_file) if line["event"] == "condition unknown"])
    assert soon(lambda: not health.failing())
    end()


def test_lost_broker_is_logged_once_for_all_services(log_file: Path) -> None:
    health = Health()
    for name in ("ward.broker", "ward.broker.events", "ward.database"):
        health.add(name, lambda: True)
    for failing in ([], ["ward.broker"], ["ward.broker", "ward.broker.events"], ["ward.broker.events"], [], []):
        health.tell(failing)
    logged = [(line["event"], line["level"], line["failing"]) for line in lines(log_file)]
    assert logged == [("broker lost", "warning", ["ward.broker"]), ("broker back", "warning", [])]


def test_failed_measurement_is_repeated(log_file: Path) -> None:
    tries = list[int]()

    def look() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise (OSError if len(tries) == 1 else RuntimeError)(PRIVATE)

    sampling.sample(0.01, look, expected=(OSError,))
    soon(lambda: len(tries) > 3)
    assert [line["error"] for line in lines(log_file)] == ["RuntimeError"], "what is expected is not logged"
