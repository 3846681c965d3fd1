"""A list of appointments with plain nameko: its http entrypoint, its proxy, its rpc entrypoint.

It does less than Matron does for the same list: no token, no role, no limits, no deadline, no log, no metrics.

Run as `python -m bench.rivals.nameko_app gateway|appointments`, with AMQP_URL, DATABASE_URL and HTTP_PORT.
"""

# ruff: noqa: E402  the process must be green before anything else is imported
import os
import sys
import warnings

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
warnings.simplefilter("ignore")

import eventlet

eventlet.monkey_patch()

import json
import signal
from typing import Any
from uuid import UUID

from nameko.extensions import DependencyProvider
from nameko.rpc import RpcProxy, rpc
from nameko.runners import ServiceRunner
from nameko.web.handlers import http
from sqlalchemy import Engine, create_engine, text

LIST = text(
    """
    SELECT id, doctor_id, patient_id, starts_at, ends_at, status, reason, revision FROM appointment
    WHERE patient_id = :patient_id ORDER BY starts_at DESC, id DESC LIMIT :limit
    """
)


class Database(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides the engine to a worker."""

    def setup(self) -> None:
        """Open the database."""
        url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
        self.engine = create_engine(url, pool_size=10, max_overflow=0)

    def get_dependency(self, _worker_ctx: Any) -> Engine:
        """Return the engine."""
        return self.engine


class Appointments:
    """The service."""

    name = "plain_appointments"
    engine = Database()

    @rpc  # type: ignore[untyped-decorator]  # nameko has no types
    def list_of_patient(self, patient_id: str, limit: int) -> dict[str, Any]:
        """Return the patient's appointments, latest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(LIST, {"patient_id": UUID(patient_id), "limit": limit}).mappings()
            return {"items": [{name: plain(value) for name, value in row.items()} for row in rows]}


class Gateway:
    """The HTTP side."""

    name = "plain_gateway"
    appointments = RpcProxy("plain_appointments")

    @http("GET", "/health")  # type: ignore[untyped-decorator]  # nameko has no types
    def health(self, _request: Any) -> str:
        """Report that the process runs."""
        return "ok"

    @http("GET", "/patients/<patient_id>/appointments")  # type: ignore[untyped-decorator]  # nameko has no types
    def list_appointments(self, request: Any, patient_id: str) -> tuple[int, dict[str, str], str]:
        """Return the patient's appointments, latest first."""
        found = self.appointments.list_of_patient(patient_id, int(request.args.get("limit", 20)))
        return 200, {"Content-Type": "application/json"}, json.dumps(found)


def plain(value: Any) -> Any:
    """Convert a value for JSON."""
    return value if value is None or isinstance(value, int | str) else str(value)


def main() -> None:
    """Run the service or the gateway until a signal."""
    config = {"AMQP_URI": os.environ["AMQP_URL"], "WEB_SERVER_ADDRESS": f"127.0.0.1:{os.environ['HTTP_PORT']}"}
    runner = ServiceRunner(config)
    runner.add_service({"gateway": Gateway, "appointments": Appointments}[sys.argv[1]])
    signal.signal(signal.SIGTERM, lambda *_: eventlet.spawn_n(runner.kill))
    runner.start()
    runner.wait()


if __name__ == "__main__":
    main()
