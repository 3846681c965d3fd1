"""Fixtures of auth's tests: settings with a signing key, and a clock that stands still."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from chassis import clock as real_clock
from chassis import config
from chassis.config import Config
from matron import environment
from services.auth import encryption, passwords
from services.auth.sessions import keys
from tests.auth.factories import Clock, password_hash

CHEAP = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1)


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signing key, the key of stored secrets, and the public key in `jwks.json`."""
    folder = tmp_path_factory.mktemp("keys")
    keys.make_key(folder / "private", folder / "jwks.json")
    encryption.ensure(folder / "private")
    return folder


@pytest.fixture(autouse=True)
def settings(key_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The settings of the process during a test."""
    monkeypatch.setenv("AMQP_URL", "embedded://tests")
    monkeypatch.setenv("SIGNING_KEYS", str(key_folder / "private"))
    monkeypatch.setenv("JWKS_FILE", str(key_folder / "jwks.json"))
    loaded = environment.load()
    monkeypatch.setattr(config, "_current", loaded)
    return loaded


@pytest.fixture
def hasher() -> PasswordHasher:
    """The hasher of the process during a test. Modules about its cost take the real one."""
    return CHEAP


@pytest.fixture(autouse=True)
def _hashing(hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", hasher)
    for known in (passwords._dummy_hash, password_hash):
        known.cache_clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the test moves."""
    moment = Clock(datetime.now(UTC))
    monkeypatch.setattr(real_clock, "now", moment.now)
    return moment
