"""The timer that can be woken: it fires at once when it is, and once for several wakes."""

from collections.abc import Iterator
from typing import Any

import eventlet
import pytest

from transports.timers import WakingTimer

LONG = 3600.0


class Container:
    """What a timer needs of nameko's container; its workers take as long as `work` does."""

    def __init__(self) -> None:
        self.fired = 0

    def spawn_managed_thread(self, run: Any) -> Any:
        """The timer's own thread."""
        return eventlet.spawn(run)

    def spawn_worker(self, _timer: Any, _args: Any, _kwargs: Any, *, handle_result: Any) -> None:
        """Count it, and be done a little later."""
        self.fired += 1
        eventlet.spawn_after(0.01, handle_result, None, None, None)


@pytest.fixture
def timer() -> Iterator[Any]:
    """A timer whose next beat no test lives to see, after its first one."""
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


def test_a_timer_fires_when_it_is_woken(timer: Any) -> None:
    timer.wake()
    _fired(timer, 2)
    timer.wake()
    _fired(timer, 3)
    assert timer.container.fired == 3


def test_a_timer_fires_once_more_when_it_is_woken_at_work(timer: Any) -> None:
    timer.wake()
    _fired(timer, 2)
    for _ in range(5):
        timer.wake()
    _fired(timer, 3)
    eventlet.sleep(0.05)
    assert timer.container.fired == 3


def test_a_timer_fires_at_its_pace_when_it_is_not_woken() -> None:
    timer: Any = WakingTimer(0.02)
    timer.container, timer.method_name = Container(), "send"
    timer.start()
    _fired(timer, 3)
    with eventlet.Timeout(5):
        timer.stop()
    fired = timer.container.fired
    eventlet.sleep(0.06)
    assert timer.container.fired == fired
