"""`matron run --payments sandboxes` starts the local servers of the payment providers, and ends them."""

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from chassis.config import ConfigError
from matron import environment, sandboxes
from matron.sandboxes import Sandbox
from services.billing.settings import BillingSettings
from tests.servers.processes import Program, free_ports, wait_until

HOSPITAL = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Sandbox]]:
    with sandboxes.running(tmp_path_factory.mktemp("sandboxes"), HOSPITAL) as found:
        yield found


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_sandbox/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_every_sandbox_answers(servers: list[Sandbox]) -> None:
    names = [requests.get(f"{each.url}/_sandbox/health", timeout=5).json()["provider"] for each in servers]
    assert names == ["stripe", "paystack", "flutterwave"]


def test_settings_offer_all_providers(servers: list[Sandbox], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {name: value for each in servers for name, value in each.settings().items()}.items():
        monkeypatch.setenv(name, value)
    found = environment.load(needs=()).of(BillingSettings)
    assert found.stripe
    assert found.paystack
    assert found.flutterwave
    assert found.flutterwave.url.endswith("/v3")


def test_each_start_has_new_secrets() -> None:
    first, second = sandboxes.planned(), sandboxes.planned()
    assert not {each.key for each in first} & {each.key for each in second}


def test_sandboxes_end_with_the_hospital(tmp_path: Path) -> None:
    with sandboxes.running(tmp_path, HOSPITAL) as found:
        assert all(answers(each.url) for each in found)
    assert not any(answers(each.url) for each in found)


def test_installation_without_the_tests_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxes, "ROOT", tmp_path)
    with pytest.raises(ConfigError, match="clone"), sandboxes.running(tmp_path, HOSPITAL):
        pass


def test_sandbox_that_does_not_start_names_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "production")
    with pytest.raises(ConfigError, match=r"stripe does not start, see .*log"), sandboxes.running(tmp_path, HOSPITAL):
        pass


def test_run_prints_the_addresses_and_ends_the_sandboxes(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    log, command = tmp_path / "run.log", [sys.executable, "-m", "matron", "run", "--no-demo", f"--port={port}"]
    command += [f"--data={tmp_path}/var", "--payments", "sandboxes"]
    program = Program(command, log=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    wait_until(lambda: "is ready" in log.read_text() or not program.is_running(), seconds=90, what="the start")
    words = log.read_text().split()
    urls = [word.rstrip(",") for before, word in itertools.pairwise(words) if before == "at"][:3]
    assert all(answers(url) for url in urls), log.read_text()
    program.stop(signal.SIGTERM)
    assert len(urls) == 3
    assert not any(answers(url) for url in urls)
