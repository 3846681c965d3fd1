"""A process stops gracefully after one signal, and at once after two."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.processes import free_ports

PROGRAM = """
import chassis, sys, eventlet
from matron import runner
from matron.runner import Runner
from nameko.extensions import Extension, DependencyProvider
from tests import ward

class Slow(DependencyProvider):
    def stop(self):
        eventlet.sleep(float(sys.argv[1]))

class Idle:
    name = "idle"
    slow = Slow()

runner.IMPATIENT_SECONDS, runner.STOP_SECONDS = 0.2, float(sys.argv[2])
running = Runner(ward.settings(), [Idle])
running.start()
eventlet.spawn_after(0.05, print, "ready", flush=True)  # After `run` has set its signal handlers.
code = running.run()
print("ended", flush=True)
sys.exit(code)
"""
STARTING = """
import chassis, dataclasses, eventlet, sys, urllib.error, urllib.request
from matron.runner import Runner
from nameko.extensions import DependencyProvider
from tests import ward

port = int(sys.argv[1])

def ask():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as reply:
            print(reply.status, reply.read().decode(), flush=True)
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode(), flush=True)

class Slow(DependencyProvider):
    def setup(self):
        ask()

    def start(self):
        ask()

class Idle:
    name = "idle"
    slow = Slow()

running = Runner(dataclasses.replace(ward.settings(), health_port=port), [Idle])
running.start()
ask()
"""
ROOT = Path(__file__).parents[2]


class Running:
    """The running program."""

    def __init__(self, stop_takes: float, cut_off: float) -> None:
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(stop_takes), str(cut_off)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self, *, after: float = 0.0) -> int:
        """Wait for the end, and return the exit code."""
        began = time.monotonic()
        code = self.process.wait(8)
        assert time.monotonic() - began >= after
        return code


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    """Start the program. The parameter is how long its stop takes."""
    one = Running(*request.param)
    yield one
    one.process.kill()
    one.process.wait()
    assert one.process.stdout is not None
    one.process.stdout.close()


@pytest.mark.parametrize("running", [(0.0, 5.0)], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_ends_with_code_0_after_a_signal(running: Running, number: signal.Signals) -> None:
    running.process.send_signal(number)
    assert running.end() == 0


@pytest.mark.parametrize("running", [(60.0, 0.5)], indirect=True)
def test_slow_stop_is_cut_off(running: Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert running.end(after=0.3) == 1


@pytest.mark.parametrize("running", [(60.0, 30.0)], indirect=True)
def test_second_signal_ends_the_process_at_once(running: Running) -> None:
    running.process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + 5
    while running.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.3)
        running.process.send_signal(signal.SIGINT)
    assert running.end() == 130


@pytest.mark.parametrize("running", [(0.5, 5.0)], indirect=True)
def test_two_signals_at_once_count_as_one(running: Running) -> None:
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 0


def test_process_is_not_ready_until_its_services_have_started() -> None:
    (port,) = free_ports(1)
    command = [sys.executable, "-W", "ignore", "-c", STARTING, str(port)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.splitlines() == ['503 {"failing":["starting"],"notes":{}}'] * 2 + ['200 {"failing":[],"notes":{}}']
