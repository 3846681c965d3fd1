"""The process's settings: read once, and all that is wrong with them is named at once."""

from dataclasses import FrozenInstanceError
from zoneinfo import ZoneInfo

import pytest

from chassis import config
from chassis.config import ConfigError
from matron import environment

NAMES = ("AMQP_URL", "HTTP_PORT", "HOSPITAL_TIMEZONE", "RETRY_DELAYS", "AUTH_DATABASE_URL", "BILLING_DATABASE_URL")


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without our variables."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_everything_that_is_missing_or_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "eighty")
    monkeypatch.setenv("HOSPITAL_TIMEZONE", "Moon/Tycho")
    with pytest.raises(ConfigError) as refused:
        environment.load(services=("auth", "billing"))
    wrong = ("AMQP_URL", "HTTP_PORT", "HOSPITAL_TIMEZONE", "AUTH_DATABASE_URL", "BILLING_DATABASE_URL")
    assert [name for name in wrong if name not in str(refused.value)] == []


def test_most_settings_have_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "embedded://x")
    loaded = environment.load()
    assert (loaded.http_port, loaded.retry_delays, loaded.workers) == (8000, (1, 10, 60, 600), 16)
    assert loaded.hospital_timezone == ZoneInfo("UTC")


def test_settings_never_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "embedded://x")
    with pytest.raises(FrozenInstanceError):
        environment.load().http_port = 1  # type: ignore[misc]


def test_a_database_that_was_not_given_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "embedded://x")
    with pytest.raises(ConfigError, match="BILLING_DATABASE_URL"):
        environment.load().database_url("billing")


def test_a_list_of_waits_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "embedded://x")
    monkeypatch.setenv("RETRY_DELAYS", "0.5,2")
    assert environment.load().retry_delays == (0.5, 2.0)


def test_settings_that_have_not_been_loaded_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "_current", None)
    with pytest.raises(ConfigError):
        config.current()
