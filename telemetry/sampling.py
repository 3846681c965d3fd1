"""Measurements at a fixed interval, as long as the process runs."""

from collections.abc import Callable
from typing import Any

import eventlet

from telemetry.logs import log_unexpected

PATIENCE_SECONDS = 8.0


def sample(pace: float, work: Callable[..., None], *args: Any, expected: tuple[type[BaseException], ...]) -> None:
    """Start to measure every `pace` seconds. `expected` errors change no metric: readiness reports their cause."""
    eventlet.spawn(_again, pace, work, args, expected)


def _again(
    pace: float, work: Callable[..., None], args: tuple[Any, ...], expected: tuple[type[BaseException], ...]
) -> None:
    while True:
        try:
            with eventlet.Timeout(PATIENCE_SECONDS, exception=False):
                work(*args)
        except expected:
            pass
        except Exception as error:  # noqa: BLE001  the next measurement may succeed
            log_unexpected("sample failed", error, name=work.__name__)
        eventlet.sleep(pace)
