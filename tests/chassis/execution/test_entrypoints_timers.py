"""A timer that fails is counted and logged, and its service goes on."""

from pathlib import Path

import pytest
import structlog
from prometheus_client import REGISTRY

from chassis.errors import Unavailable
from chassis.persistence import housekeeping
from chassis.persistence.database import Database
from tests import ward
from tests.broker.place import Place, soon
from tests.chassis.hosts import FakeHost
from tests.tokens import Mint
from transports.embedded import close_broker, open_broker

TIDY = "chassis.persistence.housekeeping.tidy"


def failures() -> float | None:
    """How often the ward's clean-up has failed; None while nothing counts that."""
    return REGISTRY.get_sample_value("matron_timers_failed_total", {"service": "ward", "name": TIDY})


def refuse(*_arguments: object) -> None:
    """What a clean-up without a database does."""
    raise Unavailable("database_down", "The database cannot be reached.")


def test_a_failing_clean_up_is_counted_and_logged(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = failures() or 0
    ward.Ward.tidy(FakeHost(database))
    assert (failures() or 0) == before
    monkeypatch.setattr(housekeeping, "_delete_events", refuse)
    with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable):
        ward.Ward.tidy(FakeHost(database))
    assert failures() == before + 1
    assert [(line["event"], line["name"], line["outcome"]) for line in lines] == [("timer", TIDY, "database_down")]


def test_a_service_whose_clean_up_fails_is_ready_and_works(
    tmp_path: Path, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_delete_events", refuse)
    open_broker("clean-up", tmp_path / "broker.db")
    place, before = Place("embedded://clean-up", tmp_path, mint), failures() or 0
    place.serve(ward.Ward)
    soon(lambda: (failures() or 0) > before)
    assert place.health["ward"].failing() == []
    assert place.write(place.client())["text"] == "a note"
    place.close()
    close_broker("clean-up")
