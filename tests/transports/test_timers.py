"""The waking timer fires at once when woken, and once for several wakes."""

from collections.abc import Iterator
from typing import Any

import eventlet
import pytest

from transports.timers import WakingTimer

LONG = 3600.0


class Container:
    """The part of nameko's container that a timer needs. A worker takes as long as `work`."""

    def __init__(self) -> None:
        self.fired = 0

    def spawn_managed_thread(self, run: Any) -> Any:
        """Start the thread of the timer."""
        return eventlet.spawn(run)

    def spawn_worker(self, _timer: Any, _args: Any, _kwargs: Any, *, handle_result: Any) -> None:
        """Count the worker, which ends a little later."""
        self.fired += 1
        eventlet.spawn_after(0.01, handle_result, None, None, None)


@pytest.fixture
def timer() -> Iterator[Any]:
    """A timer with a very long interval, after its first tick."""
    made: Any = WakingTimer(LONG)
    made.container, made.method_name = Container(), "send"
    made.start()
    _fired(made, 1)
    yield made
    with eventlet.Timeout(5):
        made.stop()


def _fired(timer: Any, times: int) -> None:
    with eventlet.Timeout(5):
        while timer.container.fired < times:
            eventlet.sleep(0.005)


def test_timer_fires_when_woken(timer: Any) -> None:
    timer.wake()
    _fired(timer, 2)
    timer.wake()
    _fired(timer, 3)
    assert timer.container.fired == 3


def test_timer_fires_once_more_when_woken_during_work(timer: Any) -> None:
    timer.wake()
    _fired(timer, 2)
    for _ in range(5):
        timer.wake()
    _fired(timer, 3)
    eventlet.sleep(0.05)
    assert timer.container.fired == 3


def test_timer_fires_at_its_interval_when_not_woken() -> None:
    timer: Any = WakingTimer(0.02)
    timer.container, timer.method_name = Container(), "send"
    timer.start()
    _fired(timer, 3)
    with eventlet.Timeout(5):
        timer.stop()
    fired = timer.container.fired
    eventlet.sleep(0.06)
    assert timer.container.fired == fired
