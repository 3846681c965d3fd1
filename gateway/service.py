"""The gateway as a nameko service: its routes and their dependencies."""

from typing import Any

import orjson
from nameko.extensions import DependencyProvider

from contracts.auth.accounts.commands import ResetPassword, VerifyEmail
from contracts.billing.pay_links import PayByLink
from contracts.billing.webhooks import ReceiveWebhook
from gateway import calendar_feed, pages, pay_links, webhooks
from gateway.dependencies import Gateway
from gateway.documents import docs, errors_page
from gateway.files.service import Files
from gateway.html import refused
from gateway.revocations import TokenChecks
from gateway.route import JSON, page
from gateway.routes.accounts import AccountRoutes
from gateway.routes.admin import AdminRoutes
from gateway.routes.attachments import AttachmentRoutes
from gateway.routes.billing import BillingRoutes
from gateway.routes.doctors import DoctorRoutes
from gateway.routes.notifications import NotificationRoutes
from gateway.routes.patients import PatientRoutes
from gateway.routes.staff import StaffRoutes
from gateway.rpc import Rpc
from gateway.server.http import Answer, HttpServer
from gateway.server.limits import Limits
from gateway.server.lines import Lines
from gateway.server.requests import Request
from telemetry.health import Health
from transports.storage.stores import store_at


class _Limits(DependencyProvider):
    """Gives the routes the limits of their server."""

    server = HttpServer()

    def get_dependency(self, _worker_ctx: Any) -> Limits:
        return self.server.limits


class _Lines(DependencyProvider):
    """Gives the routes the lines in which slow commands wait."""

    def setup(self) -> None:
        self.lines = Lines()

    def get_dependency(self, _worker_ctx: Any) -> Lines:
        return self.lines


class _Files(DependencyProvider):
    """Gives the routes the store of files, and notes in readiness whether it takes files."""

    def setup(self) -> None:
        store = store_at(self.container.config["matron"].attachments_url)
        self.files = Files(store)
        self.look_no_more = self.container.config["health"].add_slow(
            "gateway.attachments_writable", store.is_writable, is_note=True
        )

    def stop(self) -> None:
        self.look_no_more()

    kill = stop

    def get_dependency(self, _worker_ctx: Any) -> Files:
        return self.files


class _Health(DependencyProvider):
    """Gives the health pages the health of the process."""

    def get_dependency(self, _worker_ctx: Any) -> Health:
        health: Health = self.container.config["health"]
        return health


def _live(_gateway: Gateway, _request: Request) -> Answer:
    """Answer that the process runs."""
    return 200, [JSON], b'{"status":"ok"}'


def _ready(gateway: Gateway, _request: Request) -> Answer:
    """Answer whether the gateway is ready, which parts fail, and what readers must know."""
    failing = gateway.health.failing()
    return 503 if failing else 200, [JSON], orjson.dumps({"failing": failing, "notes": gateway.health.noted()})


class GatewayService(
    AccountRoutes,
    AdminRoutes,
    AttachmentRoutes,
    BillingRoutes,
    DoctorRoutes,
    PatientRoutes,
    StaffRoutes,
    NotificationRoutes,
):
    """HTTP in, RPC out."""

    name = "gateway"
    rpc = Rpc()
    verifier = TokenChecks()
    limits = _Limits()
    lines = _Lines()
    files = _Files()
    health = _Health()

    live = page("GET", "/health/live", _live, limited=False)
    ready = page("GET", "/health/ready", _ready, limited=False)
    front = page("GET", "/", docs.front)
    description = page("GET", "/openapi.json", docs.description)
    events = page("GET", "/asyncapi.json", docs.events)
    show_docs = page("GET", "/docs", docs.show)
    show_errors = page("GET", "/docs/errors", errors_page.show)
    docs_asset = page("GET", "/docs/{name}", docs.asset)
    show_calendar = page("GET", calendar_feed.URL, calendar_feed.show)
    show_verification = page("GET", "/verify-email", pages.show_verification, refused=refused)
    verify_by_link = page("POST", "/verify-email", pages.verify, like=VerifyEmail, refused=refused)
    show_reset = page("GET", "/reset-password", pages.show_reset, refused=refused)
    reset_by_link = page("POST", "/reset-password", pages.reset, like=ResetPassword, refused=refused)
    receive_webhook = page("POST", webhooks.URL, webhooks.receive, like=ReceiveWebhook)
    show_checkout = page("GET", "/sandbox/checkout/{reference}", pages.show_checkout, refused=refused)
    show_pay_page = page("GET", "/pay/{token}", pay_links.show, refused=refused)
    pay_by_link = page("POST", "/pay/{token}", pay_links.start, like=PayByLink, refused=pay_links.not_started)
    show_pay_return = page("GET", pay_links.RETURN, pay_links.show_return, refused=refused)
    finish_checkout = page("POST", "/sandbox/checkout/{reference}", pages.finish_checkout, refused=refused)
