"""Prepare a broker: policies, exchanges, queues, and an account for each process. Each start repeats this safely.

The environment provides an administrator's `AMQP_URL`, `MANAGEMENT_URL`, and `<ACCOUNT>_BROKER_PASSWORD` for each
account. The partner's account exists only while it has a password. Shared objects are declared before the services
start, so that no service needs the right to create them. While `ALLOW_UNSIGNED_EVENTS` is true, the accounts keep the
rights that processes of an older version need.
"""  # noqa: INP001  a script, not part of a package

import chassis  # noqa: F401  # isort: skip  # First of all: it makes the process green.

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from chassis.config import SERVICES
from chassis.messaging import topology
from deploy.rabbitmq.accounts import PARTNER, PROCESSES, all_events, definitions
from matron import environment
from transports.declarations import size_of
from transports.links import connection_to

POLICIES = Path(__file__).with_name("definitions.json")
TRIAL_PASSWORD = "trial-only"  # noqa: S105  the public password of docker-compose.yml's trial
WAIT_SECONDS = 120.0
NO_LONGER_HEARD = (
    "appointment_requested",
    "appointment_booked",
    "appointment_rescheduled",
    "appointment_displaced",
    "appointment_rejected",
    "appointment_cancelled",
    "appointment_expired",
    "appointment_missed",
    "patient_arrived",
    "visit_started",
    "visit_completed",
    "visit_completion_undone",
)
"""Scheduling's events that auth heard until `open_appointment_changed` replaced them (decision 0021)."""


class Refused(Exception):
    """The broker refused a request."""


class Management:
    """RabbitMQ's management API, with the login of the broker's URL."""

    def __init__(self, url: str, broker: SplitResult) -> None:
        self.host = urlsplit(url).netloc
        login = f"{unquote(broker.username or '')}:{unquote(broker.password or '')}"
        token = base64.b64encode(login.encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object = None) -> None:
        """Send a request. Raise `Refused` on an error status, except a 404 for DELETE."""
        connection = HTTPConnection(self.host, timeout=30)
        connection.request(method, f"/api/{path}", body=json.dumps(body), headers=self.headers)
        reply = connection.getresponse()
        said = reply.read().decode(errors="replace")
        if reply.status >= 300 and (method, reply.status) != ("DELETE", 404):  # noqa: PLR2004  HTTP's own numbers
            raise Refused(f"{method} {path.partition('/')[0]}: {reply.status} {said[:300]}")

    def wait(self) -> None:
        """Return when the API answers."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                self.ask("GET", "overview")
            except (OSError, HTTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return


def passwords_given() -> dict[str, str]:
    """Return the passwords by account. Exit if a password is missing, or if outsiders could use the trial passwords."""
    given = {name: os.environ.get(f"{name.upper()}_BROKER_PASSWORD", "") for name in (*PROCESSES, PARTNER)}
    missing = [f"{name.upper()}_BROKER_PASSWORD" for name in PROCESSES if not given[name]]
    if missing:
        raise SystemExit(f"broker-setup: {', '.join(missing)} missing")
    trial = TRIAL_PASSWORD in given.values()
    address = os.environ.get("GATEWAY_ADDRESS", "127.0.0.1").strip("[]")
    if trial and not ip_address(address).is_loopback:
        raise SystemExit("broker-setup: the trial passwords need a loopback GATEWAY_ADDRESS; see .env.example")
    if trial:
        sys.stdout.write("broker-setup: using the trial passwords; see .env.example\n")
    return {name: password for name, password in given.items() if password}


def declare_everything(channel: Any, delays: tuple[float, ...]) -> None:
    """Declare all exchanges and queues, with the functions that the services use."""
    for service in SERVICES:
        topology.declare_rpc(channel, service)
        topology.declare_exchanges(channel, service)
        topology.declare_retries(channel, service, delays)
    for event in all_events():
        for handler in event.heard_by:
            topology.declare_event_queue(channel, event, handler)


def remove_shared_waits(open_channel: Callable[[], Any], delays: tuple[float, ...]) -> None:
    """Delete the empty delay queues that services of an older version shared."""
    for milliseconds in (int(seconds * 1000) for seconds in delays):
        if size_of(open_channel(), f"delay-{milliseconds}") == 0:
            channel = open_channel()
            channel.queue_delete(f"delay-{milliseconds}")
            channel.exchange_delete(f"retry-{milliseconds}")


def remove_unheard_queues(channel: Any) -> None:
    """Delete auth's queues of events that it no longer hears: without a consumer they grow for ever."""
    for event in NO_LONGER_HEARD:
        channel.queue_delete(f"evt-scheduling-{event}--auth.on_{event}")


def main() -> None:
    """Prepare the broker that the environment names."""
    settings, passwords = environment.load(), passwords_given()
    broker = urlsplit(settings.amqp_url)
    vhost = unquote(broker.path[1:]) or "/"
    management = Management(os.environ["MANAGEMENT_URL"], broker)
    management.wait()
    management.ask("POST", f"definitions/{quote(vhost, safe='')}", json.loads(POLICIES.read_bytes()))
    older = settings.allow_unsigned_events
    with connection_to(settings.amqp_url) as connection:
        declare_everything(connection.channel(), settings.retry_delays)
        management.ask("POST", "definitions", definitions(vhost, passwords, older=older))
        if not older:
            remove_unheard_queues(connection.channel())
            remove_shared_waits(connection.channel, settings.retry_delays)
    if PARTNER not in passwords:
        management.ask("DELETE", f"users/{PARTNER}")
    sys.stdout.write(f"broker-setup: done, accounts {', '.join(passwords)}\n")


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        raise SystemExit(f"broker-setup: {refused}") from None
