"""Nameko as a target: two processes, on the hospital's broker and table of appointments."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench import seeds
from bench.cpu import COMMON, Watch
from bench.rivals.process import answers, running
from bench.servers import Servers
from bench.targets import Requests, Target, request
from tests.servers.processes import free_ports

APP = "bench.rivals.nameko_app"
ROOT = Path(__file__).parents[2]


@contextmanager
def nameko(servers: Servers, folder: Path, database_url: str) -> Iterator[Target]:
    """Start both processes."""
    (port,) = free_ports(1)
    url, first = f"http://127.0.0.1:{port}", seeds.patient_id(0)
    environment = {
        **os.environ,
        "AMQP_URL": servers.amqp_url,
        "DATABASE_URL": database_url,
        "HTTP_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", APP]
    with (
        running([*command, "appointments"], folder / "nameko_appointments.log", environment) as service,
        running([*command, "gateway"], folder / "nameko_gateway.log", environment) as gateway,
    ):
        answers(f"{url}/health", gateway)
        answers(f"{url}/patients/{first}/appointments", service)
        trees = {gateway.pid: "gateway", service.pid: "service"}
        if servers.broker_pid is not None:
            trees[servers.broker_pid] = "broker"
        databases = {COMMON: "database", urlsplit(database_url).path[1:]: "database"}
        watch = Watch(trees, servers.database_pid, databases)
        yield Target("nameko", url, {"list": Requests(_list)}, lambda _operation: watch)


def _list(number: int) -> str:
    return request("GET", f"/patients/{seeds.patient_id(number % seeds.READERS)}/appointments?limit=20")
