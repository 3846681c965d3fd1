"""The health and metrics pages of a service process, on `HEALTH_PORT`."""

from collections.abc import Callable, Mapping
from typing import cast

import orjson

from telemetry.health import Health
from telemetry.metrics import metrics_page


def health_app(health: Health) -> Callable[..., list[bytes]]:
    """A WSGI app with /health/live, /health/ready and /metrics."""

    def app(environ: Mapping[str, object], start_response: Callable[..., object]) -> list[bytes]:
        path = cast("str", environ["PATH_INFO"])
        if path == "/metrics":
            body, content_type = metrics_page()
            return _answer(start_response, "200 OK", body, content_type)
        if path == "/health/live":
            return _answer(start_response, "200 OK", b'{"status":"ok"}', "application/json")
        if path == "/health/ready":
            return _readiness(start_response, health)
        return _answer(start_response, "404 Not Found", b"{}", "application/json")

    return app


def _readiness(start_response: Callable[..., object], health: Health) -> list[bytes]:
    failing = health.failing()
    status = "503 Service Unavailable" if failing else "200 OK"
    body = orjson.dumps({"failing": failing, "notes": health.noted()})
    return _answer(start_response, status, body, "application/json")


def _answer(start_response: Callable[..., object], status: str, body: bytes, content_type: str) -> list[bytes]:
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
