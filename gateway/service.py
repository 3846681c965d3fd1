"""The gateway as a nameko service: its routes, and what they need."""

from typing import Any

import orjson
from nameko.extensions import DependencyProvider

from chassis.identity import KeySet, Verifier
from chassis.observe import Health
from chassis.rpc import Rpc
from gateway import pages
from gateway.http import Answer
from gateway.requests import Request
from gateway.route import JSON, page
from gateway.routes.accounts import AccountRoutes
from gateway.routes.admin import AdminRoutes
from gateway.routes.doctors import DoctorRoutes
from gateway.routes.notifications import NotificationRoutes
from gateway.routes.patients import PatientRoutes


class _Verifier(DependencyProvider):
    """Gives the routes the keys to check tokens with."""

    def setup(self) -> None:
        self.verifier = Verifier(KeySet(self.container.config["matron"].jwks_file))

    def get_dependency(self, _worker_ctx: Any) -> Verifier:
        return self.verifier


class _Health(DependencyProvider):
    """Gives the health pages the process's health."""

    def get_dependency(self, _worker_ctx: Any) -> Health:
        health: Health = self.container.config["health"]
        return health


def _live(_gateway: Any, _request: Request) -> Answer:
    """Whether the process runs."""
    return 200, [JSON], b'{"status":"ok"}'


def _ready(gateway: Any, _request: Request) -> Answer:
    """Whether requests can be answered, and if not, what is missing."""
    failing = gateway.health.failing()
    return 503 if failing else 200, [JSON], orjson.dumps({"failing": failing})


class GatewayService(AccountRoutes, AdminRoutes, DoctorRoutes, PatientRoutes, NotificationRoutes):
    """HTTP in, RPC out."""

    name = "gateway"
    rpc = Rpc()
    verifier = _Verifier()
    health = _Health()

    live = page("GET", "/health/live", _live)
    ready = page("GET", "/health/ready", _ready)
    show_verification = page("GET", "/verify-email", pages.show_verification)
    verify_by_link = page("POST", "/verify-email", pages.verify)
    show_checkout = page("GET", "/sandbox/checkout/{reference}", pages.show_checkout)
    finish_checkout = page("POST", "/sandbox/checkout/{reference}", pages.finish_checkout)
