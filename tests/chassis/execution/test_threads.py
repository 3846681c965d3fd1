"""Heavy work in threads: the process continues, a few calls wait, and the other calls are refused."""

import time

import eventlet
import pytest
from eventlet import patcher, tpool

from chassis.errors import Unavailable
from chassis.execution.threads import in_thread
from tests.chassis.hosts import outcome
from transports import threads

sleep = patcher.original("time").sleep


def test_green_threads_run_while_a_thread_works() -> None:
    began, turns = time.monotonic(), list[float]()

    def tick() -> None:
        while time.monotonic() - began < 0.2:
            turns.append(time.monotonic())
            eventlet.sleep(0.01)

    ticking = eventlet.spawn(tick)
    in_thread(sleep, 0.2)
    ticking.wait()
    assert len(turns) > 5


def test_thread_returns_or_raises_like_its_function() -> None:
    assert in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        in_thread(divmod, 1, 0)


def test_call_is_refused_when_too_many_wait() -> None:
    many = threads.RUNNING + threads.WAITING + 3
    calls = [eventlet.spawn(outcome, lambda: in_thread(sleep, 0.005)) for _ in range(many)]
    assert sorted(call.wait() for call in calls) == ["busy"] * 3 + ["done"] * (many - 3)


def test_a_place_is_free_again_after_a_failure() -> None:
    for _ in range(threads.RUNNING + threads.WAITING + 1):
        with pytest.raises(ZeroDivisionError):
            in_thread(divmod, 1, 0)
    assert Unavailable.status == 503


def test_there_are_as_many_threads_as_may_run() -> None:
    in_thread(divmod, 7, 2)
    assert tpool._nthreads == len(tpool._threads) == threads.RUNNING
