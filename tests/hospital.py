"""A whole hospital for tests: every process as an operator starts it, embedded or on real servers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, TypeVar

import requests

from chassis.config import SERVICES
from tests.servers import janitor
from tests.servers.processes import free_ports, the_janitor

T = TypeVar("T")
READY_SECONDS = 180.0
END_SECONDS = 15.0
PROCESSES = (*SERVICES, "gateway")
GENEROUS = {"LIMIT_ACCOUNT": "", "LIMIT_SIGN_IN": "", "LIMIT_SIGN_IN_TRIES": "", "LIMIT_ADDRESS": ""}
"""Tests send more requests than people, all from one address."""


def eventually(look: Callable[[], T], *, seconds: float = 15.0, every: float = 0.05) -> T:
    """Call `look` until it returns a true value, and return that value. AssertionError at the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(every)
    return found


class Process:
    """A process of the hospital, with its log."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self.command, self.environment, self.log = name, command, dict(environment), log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process. It appends to its log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, stdout=log, stderr=log, start_new_session=True
            )
        the_janitor().keep(f"process {self.pid}", kind="process", pid=self.pid, birth=janitor.birth(self.pid))

    @property
    def pid(self) -> int:
        """The process id."""
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        if self.process is None:
            return 0
        self.send(number)
        return self.process.wait(END_SECONDS)

    def text(self) -> str:
        """The log so far."""
        return self.log.read_text(errors="replace")


class Hospital:
    """The processes of a hospital, and their addresses."""

    def __init__(self, folder: Path, port: int, processes: list[Process], ready: list[str]) -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self.processes = {process.name: process for process in processes}
        self.ready_urls = ready
        self.http = requests.Session()
        self.http.trust_env = False  # It would look for proxies before each request, for a millisecond.

    def start(self) -> None:
        """Start all processes, and wait until each is ready."""
        for process in self.processes.values():
            process.start()
        self.wait_until_ready()

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until each process is ready."""
        for url in self.ready_urls:
            eventually(lambda url=url: _is_ready(url), seconds=seconds)  # type: ignore[misc]

    def stop(self) -> None:
        """Stop all processes."""
        for process in self.processes.values():
            process.send(signal.SIGTERM)
        for process in self.processes.values():
            process.end()

    def logs(self) -> str:
        """All logs."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def mails_to(self, address: str) -> list[str]:
        """The texts of the mails to an address, oldest first."""
        paths = sorted((self.folder / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
        return [mail.get_content() for mail in mails if address in str(mail["To"])]

    def call(self, method: str, path: str, *, token: str = "", key: str = "", **options: Any) -> requests.Response:
        """Send a request to the gateway."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        return self.http.request(method, self.url + path, headers=headers, timeout=30, **options)


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/ready", timeout=2).status_code == 200
    except requests.RequestException:
        return False


IMPATIENT = "from chassis.execution import waits; waits.SECONDS = 0.1; from matron.command import main; main()"
"""Requests for unknown ids would wait a second each for an event that never comes."""


def _matron(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "matron", *arguments]


@contextmanager
def embedded_hospital(folder: Path, *, demo: bool = False, program: str = "", **settings: str) -> Iterator[Hospital]:
    """`matron run` in a folder, with these settings, or another program that calls `matron.command.main()`."""
    (port,) = free_ports(1)
    command = _matron("run", "--port", str(port), "--data", str(folder), "--demo" if demo else "--no-demo")
    if program:
        command[1:3] = "-c", program
    process = Process("matron", command, GENEROUS | settings, folder / "terminal.log")
    hospital = Hospital(folder, port, [process], [f"http://127.0.0.1:{port}"])
    yield from _running(hospital)


@contextmanager
def served_hospital(
    folder: Path, amqp_url: str, database_urls: Mapping[str, str], **settings: str
) -> Iterator[Hospital]:
    """`matron serve` for each service and the gateway, after `matron keys` and `matron migrate`."""
    port, *others = free_ports(1 + len(PROCESSES))
    environment = served_environment(folder, amqp_url, database_urls, settings)
    environment |= {"HTTP_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    for step in (["keys"], ["migrate"]):
        subprocess.run(_matron(*step), env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    health_ports = dict(zip(PROCESSES, others, strict=True))
    processes = [
        Process(name, _matron("serve", name), {**environment, "HEALTH_PORT": str(health)}, folder / f"{name}.log")
        for name, health in health_ports.items()
    ]
    hospital = Hospital(folder, port, processes, [f"http://127.0.0.1:{health}" for health in health_ports.values()])
    yield from _running(hospital)


@contextmanager
def another_gateway(hospital: Hospital) -> Iterator[str]:
    """Start another gateway of a served hospital, and yield its URL."""
    ports = dict(zip(("HTTP_PORT", "HEALTH_PORT"), map(str, free_ports(2)), strict=True))
    environment = {**hospital.processes["gateway"].environment, **ports}
    log = hospital.folder / f"gateway-{ports['HTTP_PORT']}.log"
    process = Process("gateway", _matron("serve", "gateway"), environment, log)
    process.start()
    try:
        eventually(lambda: _is_ready(f"http://127.0.0.1:{ports['HEALTH_PORT']}"), seconds=READY_SECONDS)
        yield f"http://127.0.0.1:{ports['HTTP_PORT']}"
    finally:
        process.end()


def served_environment(
    folder: Path, amqp_url: str, database_urls: Mapping[str, str], settings: Mapping[str, str]
) -> dict[str, str]:
    """The settings of a hospital on real servers."""
    return {
        "AMQP_URL": amqp_url,
        **{f"{name.upper()}_DATABASE_URL": url for name, url in database_urls.items()},
        "JWKS_FILE": str(folder / "keys" / "jwks.json"),
        "SIGNING_KEYS": str(folder / "keys" / "private"),
        "MAIL_URL": f"file://{folder / 'mail'}",
        "ATTACHMENTS_URL": f"file://{folder / 'attachments'}",
        "ALLOW_SANDBOX_PAYMENTS": "true",
        **GENEROUS,
        **settings,
    }


def _running(hospital: Hospital) -> Iterator[Hospital]:
    try:
        hospital.start()
        yield hospital
    finally:
        hospital.stop()
