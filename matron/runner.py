"""Run services in this process until a signal, and make sure that the process ends.

Outside the embedded mode, a process runs one service. When one of several services fails, nameko's runner neither works
nor ends. A stop waits for running requests and handlers, and then cuts off the rest.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

import eventlet
from eventlet import debug, wsgi
from nameko.runners import ServiceRunner

from chassis.config import Config
from gateway.server.addresses import family_of
from matron import gauges
from matron.checks import with_port
from matron.health import health_app
from telemetry.health import Health
from telemetry.logs import log, log_unexpected
from tokens.revoked import Revoked
from transports.links import BROKER_ERRORS

STOP_SECONDS = 9.0
IMPATIENT_SECONDS = 1.0
POOL_SIZE = 500
"""More green threads than prefetched messages, so that the thread that reads from the broker never waits."""


def nameko_config(config: Config, health: Health) -> dict[str, Any]:
    """The settings of nameko, with those of Matron."""
    return {
        "AMQP_URI": config.amqp_url,
        "max_workers": POOL_SIZE,
        "matron": config,
        "health": health,
        "revoked": Revoked(),
    }


def _signals() -> tuple[socket.socket, socket.socket]:
    """A pair of sockets. The first receives a byte with each SIGTERM and SIGINT.

    A signal handler alone does not wake eventlet's hub before its next timer.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    return reading, writing


def _notes_of(service: type) -> Mapping[str, Callable[[], object]]:
    """The notes that a service adds to readiness, such as `clinical.medicines`."""
    found: Mapping[str, Callable[[], object]] = getattr(service, "notes", {})
    return {f"{getattr(service, 'name', '')}.{name}": tell for name, tell in found.items()}


class Runner:
    """The services of one process."""

    def __init__(self, config: Config, services: list[type]) -> None:
        # Eventlet would print the text of an exception, which may contain data of a patient.
        debug.hub_exceptions(state=False)
        self.config, self.health = config, Health()
        self.runner = ServiceRunner(nameko_config(config, self.health))
        self.stopped_at = 0.0
        self.ended = eventlet.event.Event()
        for service in services:
            self.runner.add_service(service)
            self.health.notes |= _notes_of(service)

    def start(self) -> None:
        """Start all services and the health port. `run` handles a signal that arrives before it."""
        self.signals = _signals()
        self.health.starting = True  # The health port may answer before the services add their conditions.
        if self.config.health_port:
            with with_port("HEALTH_PORT", self.config.health_port):
                host = self.config.http_host
                listener = eventlet.listen((host, self.config.health_port), family_of(host), reuse_port=False)
            eventlet.spawn(wsgi.server, listener, health_app(self.health), log_output=False)
        self.runner.start()
        self.health.starting = False
        eventlet.spawn(self.health.watch)
        gauges.start(self.runner.service_map.values(), self.config.amqp_url)

    def run(self) -> int:
        """Wait for SIGTERM or SIGINT. Return the exit code, which is not 0 if a service failed."""
        eventlet.spawn(self._read_signals)
        eventlet.spawn(self._wait)
        code: int = self.ended.wait()
        return code

    def _wait(self) -> None:
        try:
            self.runner.wait()
            code = 0
        except Exception as error:  # noqa: BLE001  the process ends, and logs the reason
            log_unexpected("service failed", error)
            code = 1
        if not self.ended.ready():
            self.ended.send(code)

    def _read_signals(self) -> None:
        while self.signals[0].recv(1):
            eventlet.spawn(self.stop)

    def stop(self) -> None:
        """Stop gracefully, within `STOP_SECONDS`. A second signal, at least a second later, stops at once."""
        if self.health.stopping:
            # A terminal and a wrapper that forwards signals send two at once.
            if time.monotonic() - self.stopped_at > IMPATIENT_SECONDS:
                os._exit(130)
            return
        self.health.stopping, self.stopped_at = True, time.monotonic()
        eventlet.spawn_after(STOP_SECONDS, self._cut_off)
        try:
            # The gateway stops first: its requests still need the services.
            for name in set(self.runner.service_names) & {"gateway"}:
                self.runner.service_map[name].stop()
            self.runner.stop()
        except BROKER_ERRORS as error:
            log_unexpected("stop failed", error)
        if not self.ended.ready():
            self.ended.send(0)

    def _cut_off(self) -> None:
        log.warning("cut off", services=sorted(self.runner.service_names))
        os._exit(1)
