"""The load generator: wrk with a single thread, which leaves most of the machine to the target."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.servers import programs
from tests.servers.processes import Unavailable

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Load:
    """The results of wrk. Latencies in milliseconds; `refused` counts status 400 and up, `broken` missing replies."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    refused: int
    broken: int


def find() -> str:
    """Return the path of wrk; install Debian's package if it is missing and permitted."""
    if shutil.which("wrk") is None:
        programs.install("wrk")
    found = shutil.which("wrk")
    if found is None:
        raise Unavailable("no program wrk is installed: `apt-get install wrk`, or https://github.com/wg/wrk")
    return found


def run(url: str, requests: Iterable[str], *, clients: int, seconds: float) -> Load:
    """Send the requests, repeatedly if necessary, on this many connections for this time."""
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.writelines(f"{line}\n" for line in requests)
        file.flush()
        command = [find(), "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(SCRIPT), url]
        environment = {**os.environ, "REQUESTS": file.name}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not found:
        raise Unavailable(f"wrk failed: {done.stderr.strip()[-300:]}")
    return Load(**json.loads(found[-1]))
