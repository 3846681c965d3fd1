"""A sandbox as a process, for tests."""

import os
import signal
import sys
from pathlib import Path
from typing import Any, Self

import requests

from tests.sandboxes.scenarios import Scenario
from tests.servers.processes import Program, free_ports, wait_until

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class SandboxProcess:
    """A sandbox on a free port, whose state is in `folder`. It can be killed and started again."""

    def __init__(self, provider: str, folder: Path, **options: object) -> None:
        self.provider, self.folder, self.options = provider, folder, options
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start, and wait until the sandbox answers."""
        given = [f"--{name.replace('_', '-')}={value}" for name, value in self.options.items()]
        command = [sys.executable, "-m", f"tests.sandboxes.{self.provider}"]
        command += [f"--folder={self.folder}", f"--port={self.port}", *given]
        log = self.folder / "sandbox.log"
        self.program = Program(command, log=log, folder=ROOT, env={**os.environ, "ENV": "test"})
        wait_until(self._answers, seconds=START_SECONDS, what="the start of a sandbox")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/_sandbox/health", timeout=1).ok
        except requests.ConnectionError:
            assert self.program.is_running(), self.program.last_words()
            return False

    def kill(self) -> None:
        """Kill the sandbox; its state stays."""
        self.program.kill()

    def stop(self) -> None:
        """Stop the sandbox by SIGTERM."""
        self.program.stop(signal.SIGTERM)

    def control(self, path: str, **asked: object) -> Any:
        """Send a control request, such as `control("webhooks/replay", reference=...)`."""
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=asked, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def choose(self, scenario: Scenario, reference: str | None = None) -> None:
        """Set the scenario of a reference, or of all new references."""
        self.control("scenarios", reference=reference, scenario=scenario)

    def press(self, checkout_url: str, button: str = "pay") -> str:
        """Press a button of a checkout page, and return the page to which the browser goes."""
        answer = requests.post(checkout_url, data={"button": button}, timeout=30, allow_redirects=False)
        answer.raise_for_status()
        return answer.headers["Location"]

    def webhooks(self, reference: str) -> list[dict[str, Any]]:
        """Return the webhooks of a reference, with status and answers."""
        return list(requests.get(f"{self.url}/_sandbox/webhooks", {"reference": reference}, timeout=10).json())

    def requests(self) -> list[dict[str, Any]]:
        """Return the API requests, oldest first."""
        return list(requests.get(f"{self.url}/_sandbox/requests", timeout=10).json())
