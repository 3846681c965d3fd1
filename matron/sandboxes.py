"""`matron run --payments sandboxes`: local servers of the payment providers beside the hospital.

They speak the providers' HTTP, show checkout pages, and send webhooks. They are part of the repository's tests, and not
of the installed package.
"""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from chassis.config import ConfigError
from matron.network import Listening

ROOT = Path(__file__).parents[1]
STOP_SECONDS = 10
PRIVATE = 0o700


@dataclass(frozen=True)
class Sandbox:
    """A provider's server, with the settings of billing for it."""

    provider: str
    port: int
    key: str
    webhook_secret: str

    @property
    def url(self) -> str:
        """The address for billing and for browsers."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, str]:
        """Return the settings of billing for this server."""
        name = self.provider.upper()
        path = "/v3" if self.provider == "flutterwave" else ""
        settings = {f"{name}_SECRET_KEY": self.key, f"{name}_URL": f"{self.url}{path}"}
        by_provider = {"stripe": "STRIPE_WEBHOOK_SECRET", "flutterwave": "FLUTTERWAVE_SECRET_HASH"}
        if self.provider in by_provider:
            settings[by_provider[self.provider]] = self.webhook_secret
        return settings


def planned() -> list[Sandbox]:
    """Return a sandbox of each provider, on a free port and with new secrets."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _provider in range(3)]
        ports = [taken.getsockname()[1] for taken in sockets]
    secret = secrets.token_hex(12)
    keys = {"stripe": f"sk_test_{secret}", "paystack": f"sk_test_{secret}", "flutterwave": f"FLWSECK_TEST-{secret}-X"}
    return [
        Sandbox(provider, port, key, f"whsec_{secret}")
        for (provider, key), port in zip(keys.items(), ports, strict=True)
    ]


def hospital_url(port: int) -> str:
    """Return the address of the gateway, to which the webhooks go."""
    return Listening.at(os.environ.get("HTTP_HOST") or "127.0.0.1").url(port)


@contextmanager
def running(folder: Path, hospital: str) -> Iterator[list[Sandbox]]:
    """Run the sandboxes with their state in `folder`. `ConfigError` without the repository's tests.

    `hospital` is the address of the gateway, to which the webhooks go.
    """
    if not (ROOT / "tests" / "sandboxes" / "server.py").exists():
        raise ConfigError("--payments sandboxes: the servers are part of the repository's tests; run it in a clone")
    sandboxes = planned()
    processes = list[subprocess.Popen[bytes]]()
    try:
        for sandbox in sandboxes:
            processes.append(_start(sandbox, folder.absolute() / sandbox.provider, hospital))
        for sandbox, process in zip(sandboxes, processes, strict=True):
            _wait_until_ready(sandbox, process, folder)
        yield sandboxes
    finally:
        for process in processes:
            _stop(process)


def _start(sandbox: Sandbox, folder: Path, hospital: str) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    options = {
        "folder": folder,
        "port": sandbox.port,
        "secret-key": sandbox.key,
        "webhook-secret": sandbox.webhook_secret,
        "webhook-url": f"{hospital}/api/webhooks/{sandbox.provider}",
    }
    command = [sys.executable, "-m", f"tests.sandboxes.{sandbox.provider}"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with (folder / "sandbox.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  our own program, with our own options
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, start_new_session=True
        )


def _wait_until_ready(sandbox: Sandbox, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Read the line that a sandbox writes when it listens."""
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        log = folder / sandbox.provider / "sandbox.log"
        raise ConfigError(f"--payments sandboxes: {sandbox.provider} does not start, see {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


@contextmanager
def beside(data: Path, port: int, out: Console) -> Iterator[None]:
    """Run the servers beside a hospital whose gateway has this port, and set its settings to use them."""
    with running(data / "sandboxes", hospital_url(port)) as found:
        for sandbox in found:
            os.environ.update(sandbox.settings())
            out.print(f"A local {sandbox.provider} is at {sandbox.url}, and no money moves")
        yield
